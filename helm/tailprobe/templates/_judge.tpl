{{/* Fails with a sentence where values cannot work together. */}}
{{- define "tailprobe.judge" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- if not (has (int $values.replicas) (list 1 2)) -}}
{{- fail (printf "replicas: expected 1 or 2, got %v. Each replica is a node of the tailnet that measures everything itself; more of them find nothing more." $values.replicas) -}}
{{- end -}}
{{- include "tailprobe.judgeTailscale" (list . $values) -}}
{{- include "tailprobe.judgeConfig" (list . $values) -}}
{{- include "tailprobe.judgeSecrets" (list . $values) -}}
{{- include "tailprobe.judgeMonitoring" (list . $values) -}}
{{- include "tailprobe.judgeReach" $values -}}
{{- include "tailprobe.judgeTests" $values -}}
{{- end -}}

{{- define "tailprobe.judgeTailscale" -}}
{{- $tailscale := (index . 1).tailscale -}}
{{- if $tailscale.enabled -}}
{{- if $tailscale.hostSocket -}}
{{- fail "tailscale.hostSocket is the socket of a tailscaled of the node, and tailscale.enabled runs another one beside tailprobe: set tailscale.enabled to false, or leave hostSocket empty." -}}
{{- end -}}
{{- if not (include "tailprobe.loginServer" (index . 0)) -}}
{{- fail "config.headscale.url is empty, and so is tailscale.loginServer: tailscale does not know where to sign in. Set config.headscale.url to the address that clients use, such as https://headscale.example.com, or tailscale.enabled to false." -}}
{{- end -}}
{{- range $tailscale.extraArgs -}}
{{- if regexMatch "^--?(auth-?key|login-server|hostname|accept-dns|advertise-tags|client-secret|id-token)(=|$)" . -}}
{{- fail (printf "tailscale.extraArgs: %s is the chart's: keys come by tailscale.authKeySecret, the rest by tailscale.loginServer, hostname and tags, and the pod's DNS is left alone." (regexFind "^[^=]*" .)) -}}
{{- end -}}
{{- if regexMatch "[\\s]" . -}}
{{- fail (printf "tailscale.extraArgs: %q has a blank in it. Arguments are parted by blanks in the sidecar, so write each as one item, such as --flag=value." .) -}}
{{- end -}}
{{- if include "tailprobe.looksSecret" (list "" .) -}}
{{- fail "tailscale.extraArgs has something in it that looks like a key: keys come by tailscale.authKeySecret." -}}
{{- end -}}
{{- end -}}
{{- else if eq $tailscale.mode "kernel" -}}
{{- fail "tailscale.mode is kernel, but tailscale.enabled is false: there is no sidecar that could have a tunnel device. Set tailscale.enabled to true, or leave the mode at userspace." -}}
{{- end -}}
{{- if and $tailscale.hostSocket (not (regexMatch "^/[^/].*/[^/]+$" $tailscale.hostSocket)) -}}
{{- fail (printf "tailscale.hostSocket: expected the absolute path of a socket in a folder of its own, such as /var/run/tailscale/tailscaled.sock, got %q." $tailscale.hostSocket) -}}
{{- end -}}
{{- end -}}

{{/* What the chart owns in tailprobe.yaml. */}}
{{- define "tailprobe.judgeConfig" -}}
{{- $values := index . 1 -}}
{{- $config := $values.config -}}
{{- if and (kindIs "map" $config.headscale) (not (get (default dict $config.headscale) "url")) -}}
{{- fail "config.headscale.url is empty. Set it to the address that clients use, such as https://headscale.example.com." -}}
{{- end -}}
{{- $web := default dict $config.web -}}
{{- if and (hasKey $web "listen") (ne (toString $web.listen) ":9753") -}}
{{- fail (printf "config.web.listen is %v, but in a pod the chart has it be :9753, where its Service and the kubelet look. Leave it out." $web.listen) -}}
{{- end -}}
{{- if and $web.config_file $values.webConfigSecret.name -}}
{{- fail "config.web.config_file and webConfigSecret both name a web configuration. Leave config.web.config_file out: the chart sets it." -}}
{{- end -}}
{{- range $web.bearer_tokens -}}
{{- if and (kindIs "map" .) (eq (toString .name) "operator") -}}
{{- fail "config.web.bearer_tokens has one named operator, which is the name of the chart's own (auth.tokenSecret). Give yours another name." -}}
{{- end -}}
{{- end -}}
{{- if $config.vantages -}}
{{- $locals := list -}}
{{- range $config.vantages -}}
{{- if and (kindIs "map" .) (eq (toString .type) "local") }}{{- $locals = append $locals . -}}{{- end -}}
{{- end -}}
{{- if eq (len $locals) 0 -}}
{{- fail "config.vantages has none of type local, which is where tailprobe itself looks from. Add {name: cluster, type: local}." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tailprobe.judgeSecrets" -}}
{{- $values := index . 1 -}}
{{- range $file, $from := $values.secrets -}}
{{- if not (regexMatch "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$" $file) -}}
{{- fail (printf "secrets: %q is no name of a file. It becomes a file in /run/secrets/tailprobe, so letters, digits and . _ - it may have." $file) -}}
{{- end -}}
{{- if eq $file "token" -}}
{{- fail "secrets.token: /run/secrets/tailprobe/token is the chart's own, from auth.tokenSecret. Two secrets cannot be one file: give yours another name." -}}
{{- end -}}
{{- if not (and (kindIs "map" $from) (get (default dict $from) "secret") (get (default dict $from) "key")) -}}
{{- fail (printf "secrets.%s: expected {secret: NAME, key: KEY}, the Secret and its key that hold it. Secrets themselves are never written in values." $file) -}}
{{- end -}}
{{- end -}}
{{- $found := include "tailprobe.found" (index . 0) | fromYaml -}}
{{- with $found.literals -}}
{{- fail (printf "%s: this looks like a secret. The configuration is a ConfigMap, which many may read: put it into a Secret, name that under `secrets`, and refer to it by its file, /run/secrets/tailprobe/FILE." (join ", " .)) -}}
{{- end -}}
{{- with $found.variables -}}
{{- fail (printf "%s: the pod has no such variable of the environment. Name the Secret under `secrets`, and write {file: /run/secrets/tailprobe/FILE} instead." (join ", " .)) -}}
{{- end -}}
{{- range $found.files -}}
{{- if not (or (eq .file "token") (hasKey $values.secrets .file)) -}}
{{- fail (printf "%s is /run/secrets/tailprobe/%s, but `secrets` has no %s. Add secrets.%s: {secret: NAME, key: KEY}." .path .file .file .file) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tailprobe.judgeMonitoring" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
{{- $unknown := list -}}
{{- $known := include "tailprobe.alertNames" $root | fromYamlArray -}}
{{- range $values.alerts.disabled -}}
{{- if not (has . $known) }}{{- $unknown = append $unknown . -}}{{- end -}}
{{- end -}}
{{- with $unknown -}}
{{- fail (printf "alerts.disabled: there is no alert named %s. There are %s." (join ", " .) (join ", " $known)) -}}
{{- end -}}
{{- $wanted := dict "metrics.serviceMonitor" $values.metrics.serviceMonitor.enabled "alerts" $values.alerts.enabled -}}
{{- range $what, $enabled := $wanted -}}
{{- if and (eq (toString $enabled) "true") (include "tailprobe.isCluster" $root) (not ($root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) -}}
{{- fail (printf "%s.enabled is true, but this cluster does not know monitoring.coreos.com/v1: the Prometheus Operator's CRDs are missing. Install them first (kube-prometheus-stack has them), or set it to auto or false." $what) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tailprobe.judgeReach" -}}
{{- if and .ingress.enabled (not .ingress.host) -}}
{{- fail "ingress.host is empty: with every name that leads to it, the ingress would show what the tailnet looks like. Set the host name of the status page." -}}
{{- end -}}
{{- if and .ingress.enabled (ne .ingress.path "/") -}}
{{- fail (printf "ingress.path is %s, but page and API are at the root of their host. Give it a host name of its own, and leave the path at /." .ingress.path) -}}
{{- end -}}
{{- if and .webConfigSecret.tls (not .webConfigSecret.name) -}}
{{- fail "webConfigSecret.tls is true, but webConfigSecret.name is empty: there is no web configuration that could have certificates." -}}
{{- end -}}
{{- range .clusterRanges -}}
{{- if not (regexMatch "^(([0-9]{1,3}\\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/[0-9]{1,3})$" .) -}}
{{- fail (printf "clusterRanges: expected a range such as 10.42.0.0/16, got %q." .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tailprobe.judgeTests" -}}
{{- $check := .tests.check -}}
{{- if $check -}}
{{- $names := list -}}
{{- range .config.checks }}{{- if kindIs "map" . }}{{- $names = append $names .name -}}{{- end -}}{{- end -}}
{{- if not (has $check $names) -}}
{{- fail (printf "tests.check: config.checks has none named %s. There are %s." $check (default "none at all" (join ", " $names))) -}}
{{- end -}}
{{- end -}}
{{- if hasPrefix "-" .tests.target -}}
{{- fail (printf "tests.target: %q begins with -, and would be taken for an option." .tests.target) -}}
{{- end -}}
{{- end -}}
