{{/* What helm says after an installation: what it needs, and how it stands. */}}
{{- define "tailprobe.notes" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- $fullname := include "tailprobe.fullname" . -}}
{{- $namespace := .Release.Namespace -}}
{{- $headscale := default dict $values.config.headscale -}}
{{- $found := include "tailprobe.found" . | fromYaml -}}
{{- $test := include "tailprobe.test" . | fromYaml -}}
tailprobe {{ .Chart.AppVersion }} watches the tailnet{{ with $headscale.url }} of {{ . }}{{ end }}.

What is wrong, and whose fault it is:
  kubectl -n {{ $namespace }} exec deploy/{{ $fullname }} -c tailprobe -- tailprobe diagnose
The page:
{{- with include "tailprobe.statusPageUrl" . }}
  {{ . }}
{{- else }}
  kubectl -n {{ $namespace }} port-forward svc/{{ $fullname }} 9753:{{ int $values.service.port }}   and {{ include "tailprobe.scheme" $ }}://127.0.0.1:9753
{{- end }}
  It is for who proves it. Browsers show no token: give them passwords by webConfigSecret. The token, for everything else:
  kubectl -n {{ $namespace }} get secret {{ include "tailprobe.tokenSecretName" . }} -o jsonpath='{.data.{{ $values.auth.tokenSecret.key | replace "." "\\." }}}' | base64 -d
{{- if or $test.check $test.target }}
A probe from end to end:
  helm test {{ .Release.Name }} --namespace {{ $namespace }} --logs
{{- else }}
`helm test` has nothing to probe: no check of the local vantage has a single target. Name one in tests.check.
{{- end }}

What it needs
{{- if $values.tailscale.enabled }}
- A pre-auth key of headscale, to join the tailnet{{ if eq (int $values.replicas) 2 }}; for two replicas a reusable one{{ end }}. On headscale:
    headscale preauthkeys create --user USER{{ if eq (int $values.replicas) 2 }} --reusable{{ end }} --expiration 1h
{{- with $values.tailscale.authKeySecret.name }}
  Paste it here, and end with Ctrl-D twice:
    kubectl -n {{ $namespace }} create secret generic {{ . }} --from-file={{ $values.tailscale.authKeySecret.key }}=/dev/stdin
{{- else }}
  tailscale.authKeySecret.name is empty: the sidecar prints an address to sign in at.
    kubectl -n {{ $namespace }} logs deploy/{{ $fullname }} -c tailscale
{{- end }}
{{- end }}
{{- if and $headscale.url (not $headscale.api_key) (not $headscale.cli) }}
- Without an API key nobody lists the nodes of the tailnet. `headscale apikeys create --expiration 365d` makes one; then config.headscale.api_key.
{{- else if $headscale.api_key }}
- An API key of headscale: `headscale apikeys create --expiration 365d`. It may do everything there; tailprobe only reads.
{{- end }}
{{- $keys := dict -}}
{{- range $_, $from := $values.secrets }}{{- $_ := set $keys $from.secret (append (default list (get $keys $from.secret)) $from.key | uniq) -}}{{- end -}}
{{- range $secret, $of := $keys }}
- Secret {{ $secret }} with {{ join " and " $of }}. It may come later.
    kubectl -n {{ $namespace }} create secret generic {{ $secret }}{{ range $of }} --from-file={{ . }}={{ ternary "/dev/stdin" "FILE" (eq (len $of) 1) }}{{ end }}
{{- end }}
{{- if $headscale.url }}
- headscale has to listen for its metrics on 0.0.0.0:50480 (metrics_listen_addr; its default is loopback), and to have a Service with that port.
{{- if not $headscale.metrics_url }}
  Then set config.headscale.metrics_url to http://SERVICE.NAMESPACE:50480/metrics. Without it, alerts about headscale's load have nothing to go by.
{{- end }}
{{- end }}
{{- range $found.elsewhere }}
- {{ . }}: nothing of this chart puts a file there.
{{- end }}

How it stands
- Pod Security: {{ if and $values.tailscale.enabled (eq $values.tailscale.mode "kernel") -}}
privileged. The tunnel device of kernel mode takes NET_ADMIN, root and a device of the node; tailscale.mode userspace needs none of it.
{{- else if $values.tailscale.hostSocket -}}
privileged. tailscale.hostSocket takes a folder of the node. The node also has to send what comes from pods into the tailnet as its own.
{{- else -}}
restricted.
{{- end }}
{{- if and $values.tailscale.enabled (eq $values.tailscale.mode "userspace") }}
- Userspace tailscale forwards what the policy of the tailnet lets in to 127.0.0.1 of the pod: there, too, tailprobe asks for the token.
{{- end }}
{{- range include "tailprobe.overlaps" . | fromYamlArray }}
- WARNING: the cluster uses {{ . }}, inside the addresses of the tailnet. What has an address there in both is reached in one of them only. Move one of the two: the cluster's range, or `prefixes` of headscale (then config.tailnet.prefixes).
{{- end }}
{{- if include "tailprobe.wantsOperator" (list . $values.metrics.serviceMonitor.enabled) }}
- Prometheus scrapes it by a ServiceMonitor{{ with $values.metrics.serviceMonitor.labels }}, if it selects {{ . | toJson }}{{ end }}.
{{- else }}
- No ServiceMonitor{{ if eq (toString $values.metrics.serviceMonitor.enabled) "auto" }}: the cluster does not know monitoring.coreos.com/v1, or helm did not ask it{{ end }}. {{ if $values.metrics.annotations }}The pods have prometheus.io/scrape; that job has to show the token (authorization.credentials_file).{{ else }}Have Prometheus scrape {{ $fullname }}.{{ $namespace }}:{{ int $values.service.port }} and show the token.{{ end }}
{{- end }}
{{- if include "tailprobe.wantsOperator" (list . $values.alerts.enabled) }}
{{- if not $values.alerts.runbookUrl }}
- Alerts have no links to runbooks: serve docs/runbooks somewhere, and set alerts.runbookUrl.
{{- end }}
{{- else }}
- NO ALERTS{{ if eq (toString $values.alerts.enabled) "auto" }}: the cluster does not know monitoring.coreos.com/v1, or helm did not ask it{{ end }}. Nobody is told of anything. docs/alerts.md has the rules for a Prometheus without operator.
{{- end }}
{{- if and .Values.auth .Values.auth.tokenSecret (not $values.auth.tokenSecret.name) (not (include "tailprobe.isCluster" .)) }}
- helm did not look at a cluster, so the token is a new one each time. Make a Secret yourself, and name it in auth.tokenSecret.name.
{{- end }}
{{- end -}}
