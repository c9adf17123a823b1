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
{{- $token := printf "kubectl -n %s get secret %s -o jsonpath='{.data.%s}' | base64 -d" $namespace (include "tailprobe.tokenSecretName" .) ($values.auth.tokenSecret.key | replace "." "\\.") }}
{{- if $values.webConfigSecret.name }}
  It is for who proves it: browsers by the passwords of Secret {{ $values.webConfigSecret.name }}, everything else also by the token:
  {{ $token }}
{{- else }}
  It is for who proves it, and browsers show no token. For them make a password (it is asked for):
  htpasswd -nB me | awk -F: 'NF == 2 {print "basic_auth_users:"; print "  " $1 ": " $2}' >{{ $values.webConfigSecret.key }}
  kubectl -n {{ $namespace }} create secret generic {{ $fullname }}-web --from-file={{ $values.webConfigSecret.key }}
  and upgrade with webConfigSecret.name: {{ $fullname }}-web. The token, for everything else:
  {{ $token }}
{{- end }}
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
  USER is a number of `headscale users list`; before headscale 0.26 it was a name.
{{- with $values.tailscale.authKeySecret.name }}
  Paste it here, then Enter and Ctrl-D:
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
{{- with $values.auth.tokenSecret.name }}
- Secret {{ . }} with {{ $values.auth.tokenSecret.key }}, the token. Nobody is let in by it until it is there.
    openssl rand -hex 32 | tr -d '\n' | kubectl -n {{ $namespace }} create secret generic {{ . }} --from-file={{ $values.auth.tokenSecret.key }}=/dev/stdin
{{- end }}
{{- with $values.webConfigSecret.name }}
- Secret {{ . }} with {{ $values.webConfigSecret.key }}, a file as exporter-toolkit knows it{{ if $values.webConfigSecret.tls }}, and what certificates it names{{ end }}.
    htpasswd -nB me | awk -F: 'NF == 2 {print "basic_auth_users:"; print "  " $1 ": " $2}' >{{ $values.webConfigSecret.key }}
    kubectl -n {{ $namespace }} create secret generic {{ . }} --from-file={{ $values.webConfigSecret.key }}{{ if $values.webConfigSecret.tls }} --from-file=FILE{{ end }}
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
{{- if hasPrefix "ghcr.io/example/" $values.image.repository }}
- WARNING: {{ $values.image.repository }} stands for a registry of yours, and nobody can fetch it. Build the image (docs/install.md), and set image.repository.
{{- end }}
{{- if and $values.ingress.enabled (not $values.webConfigSecret.name) (not $values.ingress.annotations) }}
- WARNING: the ingress leads browsers to a page that they cannot open: they show no token. Set webConfigSecret, or ingress.annotations that have the ingress itself ask who comes.
{{- end }}
{{- if include "tailprobe.seesNoTailnet" . }}
- WARNING: `config` has checks over the tailnet, but tailscale.enabled is false and tailscale.hostSocket empty: they are unknown for ever. Set one of the two.
{{- end }}
{{- with include "tailprobe.otherRelease" . }}
- WARNING: {{ . }} runs tailprobe in this namespace too. Set dashboards.enabled and alerts.enabled to false in one of the two, or everything is told twice.
{{- end }}
- Pod Security: {{ if and $values.tailscale.enabled (eq $values.tailscale.mode "kernel") -}}
privileged. The tunnel device of kernel mode takes NET_ADMIN, root and a device of the node; tailscale.mode userspace needs none of it.
{{- else if $values.tailscale.hostSocket -}}
privileged. tailscale.hostSocket takes a folder of the node. The node also has to send what comes from pods into the tailnet as its own.
{{- else -}}
restricted.
{{- end }}
{{- with include "tailprobe.enforced" . }}
- WARNING: namespace {{ $namespace }} enforces Pod Security {{ . }}, which lets no such pod in. Use another one, or
    kubectl label namespace {{ $namespace }} --overwrite pod-security.kubernetes.io/enforce=privileged
{{- end }}
{{- if and $values.tailscale.enabled (eq $values.tailscale.mode "userspace") }}
- Userspace tailscale forwards what the policy of the tailnet lets in to 127.0.0.1 of the pod: there, too, tailprobe asks for the token.
{{- end }}
{{- if $values.webConfigSecret.tls }}{{ "\n" }}- The certificate has to name localhost (kubectl exec … tailprobe asks there) and {{ $fullname }}.{{ $namespace }}.svc (Prometheus, helm test).{{ end }}
{{- range include "tailprobe.overlaps" . | fromYamlArray }}
- WARNING: the cluster uses {{ . }}, inside the addresses of the tailnet. {{ if and $values.tailscale.enabled (eq $values.tailscale.mode "userspace") -}}
Checks work: what goes over the tailnet goes to the tailnet, what is dialled directly to the cluster. But an address alone no longer says which of the two it is.
{{- else -}}
What has an address there in both is reached in one of them only.
{{- end }} Move one of the two: the cluster's range, or `prefixes` of headscale (then config.tailnet.prefixes).
{{- end }}
{{- $isMonitored := include "tailprobe.wantsOperator" (list . $values.metrics.serviceMonitor.enabled) }}
{{- $isRuled := include "tailprobe.wantsOperator" (list . $values.alerts.enabled) }}
{{- if $isMonitored }}
- Prometheus scrapes it by a ServiceMonitor{{ with $values.metrics.serviceMonitor.labels }}, if it selects {{ . | toJson }} (metrics.serviceMonitor.labels){{ end }}.
{{- end }}
{{- if $isRuled }}
- Prometheus takes the rules{{ with $values.alerts.labels }}, if it selects {{ . | toJson }} (alerts.labels){{ end }}.
{{- end }}
{{- if or $isMonitored $isRuled }}
  What it selects:
    kubectl get prometheus -A -o jsonpath='{range .items[*]}{.metadata.name}: {.spec.serviceMonitorSelector} {.spec.ruleSelector}{"\n"}{end}'
{{- end }}
{{- if and $isMonitored $isRuled (ne (toString (get (default dict $values.metrics.serviceMonitor.labels) "release")) (toString (get (default dict $values.alerts.labels) "release"))) }}
- WARNING: the label `release` is one for the ServiceMonitor and another one for the rules: most Prometheus then take only one of them.
{{- end }}
{{- if not $isMonitored }}
- No ServiceMonitor{{ if eq (toString $values.metrics.serviceMonitor.enabled) "auto" }}: the cluster does not know monitoring.coreos.com/v1, or helm did not ask it{{ end }}. {{ if $values.metrics.annotations }}The pods have prometheus.io/scrape, but never give the token to the common job that goes by that: it would show it to every pod that asks to be scraped. {{ end }}Have Prometheus scrape the pods, by a job of its own with the token (docs/alerts.md has it){{ if eq (int $values.replicas) 2 }}: not the Service, which answers for one of the two by chance, and without labels that differ between the replicas{{ end }}.
{{- end }}
{{- if $isRuled }}
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
