{{/* tailprobe.yaml: what the release says, and what the chart knows better: where to listen, the token, tailscale beside it, the lease. */}}
{{- define "tailprobe.config" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- $config := $values.config -}}
{{- $web := default dict $config.web -}}
{{- $_ := set $web "listen" ":9753" -}}
{{- $operator := dict "name" "operator" "file" "/run/secrets/tailprobe/token" -}}
{{- $_ := set $web "bearer_tokens" (append (default list $web.bearer_tokens) $operator) -}}
{{- with $values.webConfigSecret -}}
{{- if .name }}{{- $_ := set $web "config_file" (printf "/run/secrets/tailprobe-web/%s" .key) -}}{{- end -}}
{{- end -}}
{{- $_ := set $config "web" $web -}}
{{- include "tailprobe.addTailscaled" (list $config $values) -}}
{{- if eq (int $values.replicas) 2 -}}
{{- $kubernetes := default dict $config.kubernetes -}}
{{- if not $kubernetes.inventory_lease -}}
{{- $_ := set $kubernetes "inventory_lease" (dict "name" (include "tailprobe.fullname" .)) -}}
{{- end -}}
{{- $_ := set $config "kubernetes" $kubernetes -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* Gives the local vantage of the configuration its tailscaled, where it says none itself. */}}
{{- define "tailprobe.addTailscaled" -}}
{{- $config := index . 0 -}}
{{- $tailscaled := include "tailprobe.tailscaled" (index . 1) | fromYaml -}}
{{- if not $config.vantages -}}
{{- $_ := set $config "vantages" (list (dict "name" "local" "type" "local")) -}}
{{- end -}}
{{- range $config.vantages -}}
{{- if and (kindIs "map" .) (eq (toString .type) "local") (not (hasKey . "tailscaled")) -}}
{{- $_ := set . "tailscaled" $tailscaled.is -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* `is`: what the configuration says of tailscaled, given the values; false where there is none. */}}
{{- define "tailprobe.tailscaled" -}}
{{- $tailscale := .tailscale -}}
{{- if not $tailscale.enabled -}}
{{- if $tailscale.hostSocket -}}
is: {socket: {{ printf "/var/run/tailscale/%s" (base $tailscale.hostSocket) | toJson }}}
{{- else -}}
is: false
{{- end -}}
{{- else if eq $tailscale.mode "kernel" -}}
is: {socket: /var/run/tailscale/tailscaled.sock}
{{- else -}}
is: {socket: /var/run/tailscale/tailscaled.sock, socks5: "127.0.0.2:1055"}
{{- end -}}
{{- end -}}

{{/* The address that tailscale signs in at. */}}
{{- define "tailprobe.loginServer" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- $headscale := default dict $values.config.headscale -}}
{{- default (default "" $headscale.url) $values.tailscale.loginServer -}}
{{- end -}}

{{/* The address of the status page as people reach it; empty where nobody said it. */}}
{{- define "tailprobe.statusPageUrl" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- if $values.alerts.statusPageUrl -}}
{{- trimSuffix "/" $values.alerts.statusPageUrl -}}
{{- else if and $values.ingress.enabled $values.ingress.host -}}
{{- $scheme := ternary "https" "http" (gt (len $values.ingress.tls) 0) -}}
{{- printf "%s://%s%s" $scheme $values.ingress.host (trimSuffix "/" $values.ingress.path) -}}
{{- end -}}
{{- end -}}

{{/* http or https: what the daemon's own port speaks. */}}
{{- define "tailprobe.scheme" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- if and $values.webConfigSecret.name $values.webConfigSecret.tls -}}https{{- else -}}http{{- end -}}
{{- end -}}

{{/* What `helm test` probes, as {check, target}; both empty where the configuration has nothing that can be asked without more words. */}}
{{- define "tailprobe.test" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- $found := dict "check" $values.tests.check "target" $values.tests.target -}}
{{- if not (or $values.tests.check $values.tests.target) -}}
{{- range $values.config.checks -}}
{{- if and (not $found.check) (kindIs "map" .) (kindIs "slice" .targets) (not (hasKey . "nodes")) (not (hasKey . "from")) -}}
{{- if eq (len .targets) 1 }}{{- $_ := set $found "check" .name -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}
