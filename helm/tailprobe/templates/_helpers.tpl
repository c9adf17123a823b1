{{/* The values: those of this chart, with what the release says over them. A release that keeps the values of an older chart lacks keys. */}}
{{- define "tailprobe.values" -}}
{{- $values := .Files.Get "files/defaults.yaml" | fromYaml -}}
{{- include "tailprobe.overlay" (list $values (.Values | toYaml | fromYaml)) -}}
{{- toYaml $values -}}
{{- end -}}

{{/*
Lays the second mapping over the first, in place. What is the user's as a whole (labels, resources …) is not mixed with ours: there,
a key that was taken out by null would come back.
*/}}
{{- define "tailprobe.overlay" -}}
{{- $base := index . 0 -}}
{{- $whole := list "config" "secrets" "labels" "annotations" "podLabels" "podAnnotations" "resources" "nodeSelector" "affinity" -}}
{{- range $key, $value := index . 1 -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $base $key)) (not (has $key $whole)) -}}
{{- include "tailprobe.overlay" (list (get $base $key) $value) -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $_ := set $base $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tailprobe.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end -}}

{{/* `tailprobe.judge` has it be short enough for `-b-tailscale` behind it: cut names of two releases could be the same. */}}
{{- define "tailprobe.fullname" -}}
{{- $name := include "tailprobe.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name -}}
{{- end -}}
{{- end -}}

{{/* What is not in the namespace of the release says whose it is. */}}
{{- define "tailprobe.nameIn" -}}
{{- $root := index . 0 -}}
{{- $fullname := include "tailprobe.fullname" $root -}}
{{- if eq (index . 1) $root.Release.Namespace -}}{{ $fullname }}{{- else -}}{{ $fullname }}.{{ $root.Release.Namespace }}{{- end -}}
{{- end -}}

{{- define "tailprobe.serviceAccountName" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- if $values.serviceAccount.create -}}
{{- default (include "tailprobe.fullname" .) $values.serviceAccount.name -}}
{{- else -}}
{{- default "default" $values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "tailprobe.tokenSecretName" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- default (printf "%s-token" (include "tailprobe.fullname" .)) $values.auth.tokenSecret.name -}}
{{- end -}}

{{/* What never changes during the life of a release. */}}
{{- define "tailprobe.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tailprobe.name" . | toJson }}
app.kubernetes.io/instance: {{ .Release.Name | toJson }}
app.kubernetes.io/component: daemon
{{- end -}}

{{- define "tailprobe.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "tailprobe.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* An image of the values; the second is the tag where they say none. */}}
{{- define "tailprobe.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default (index . 1) $image.tag }}
{{- end -}}
{{- end -}}

{{/* The replicas: a letter and the name of all that is theirs alone. */}}
{{- define "tailprobe.replicas" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- $fullname := include "tailprobe.fullname" . -}}
- {letter: a, name: {{ $fullname }}}
{{- if eq (int $values.replicas) 2 }}
- {letter: b, name: {{ $fullname }}-b}
{{- end -}}
{{- end -}}

{{/* Whether to make objects of the Prometheus Operator: `enabled` of the values, where auto means that the cluster knows them. */}}
{{- define "tailprobe.wantsOperator" -}}
{{- $enabled := toString (index . 1) -}}
{{- $knows := (index . 0).Capabilities.APIVersions.Has "monitoring.coreos.com/v1" -}}
{{- if or (eq $enabled "true") (and (eq $enabled "auto") $knows) -}}true{{- end -}}
{{- end -}}

{{/*
Whether helm asked an API server what it knows. The list that `helm template` goes by has no aggregated APIs, which every API server
has.
*/}}
{{- define "tailprobe.isCluster" -}}
{{- if .Capabilities.APIVersions.Has "apiregistration.k8s.io/v1" -}}true{{- end -}}
{{- end -}}
