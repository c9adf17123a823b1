{{/* What the notes warn of. Each is empty where there is nothing to say; `lookup` finds nothing where helm has no cluster. */}}

{{/* Whether the configuration wants to measure over a tailnet that the pod has no way into. */}}
{{- define "tailprobe.seesNoTailnet" -}}
{{- $config := include "tailprobe.config" . | fromYaml -}}
{{- $isOut := true -}}
{{- range $config.vantages -}}
{{- if and (kindIs "map" .) (eq (toString .type) "local") .tailscaled }}{{- $isOut = false -}}{{- end -}}
{{- end -}}
{{- $modules := default dict $config.modules -}}
{{- $wants := false -}}
{{- range $config.checks -}}
{{- if and (kindIs "map" .) (not (hasKey . "from")) -}}
{{- $module := default dict (get $modules (toString .module)) -}}
{{- if or (eq (toString .via) "tailnet") (eq (toString .prober) "tunnel") (eq (toString $module.prober) "tunnel") }}{{- $wants = true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $isOut $wants -}}true{{- end -}}
{{- end -}}

{{/* Another release of this chart in the namespace; further afield not everybody may look. */}}
{{- define "tailprobe.otherRelease" -}}
{{- $root := . -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- $others := list -}}
{{- if or $values.dashboards.enabled (include "tailprobe.wantsOperator" (list . $values.alerts.enabled)) -}}
{{- range (default dict (lookup "apps/v1" "Deployment" .Release.Namespace "")).items -}}
{{- $labels := default dict .metadata.labels -}}
{{- $chart := default "" (get $labels "helm.sh/chart") -}}
{{- $instance := default "" (get $labels "app.kubernetes.io/instance") -}}
{{- if and (hasPrefix (printf "%s-" $root.Chart.Name) $chart) $instance (ne $instance $root.Release.Name) }}{{- $others = append $others (printf "release %s" $instance) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- uniq $others | join ", " -}}
{{- end -}}

{{/* What the namespace enforces, where the pod is privileged and would not be let in. */}}
{{- define "tailprobe.enforced" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- if or $values.tailscale.hostSocket (and $values.tailscale.enabled (eq $values.tailscale.mode "kernel")) -}}
{{- $metadata := default dict (lookup "v1" "Namespace" "" .Release.Namespace).metadata -}}
{{- $level := get (default dict $metadata.labels) "pod-security.kubernetes.io/enforce" -}}
{{- if has $level (list "baseline" "restricted") }}{{ $level }}{{- end -}}
{{- end -}}
{{- end -}}
