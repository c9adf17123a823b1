{{/* Fails with a sentence where values cannot work together. */}}
{{- define "tailprobe.judge" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- if not (has (int $values.replicas) (list 1 2)) -}}
{{- fail (printf "replicas: expected 1 or 2, got %v. Each replica is a node of the tailnet that measures everything itself; more of them find nothing more." $values.replicas) -}}
{{- end -}}
{{- include "tailprobe.judgeNames" . -}}
{{- include "tailprobe.judgeTailscale" (list . $values) -}}
{{- include "tailprobe.judgeConfig" (list . $values) -}}
{{- include "tailprobe.judgeSecrets" (list . $values) -}}
{{- include "tailprobe.judgeMonitoring" (list . $values) -}}
{{- include "tailprobe.judgeReach" $values -}}
{{- include "tailprobe.judgeTests" $values -}}
{{- include "tailprobe.judgeNetworkPolicy" $values.networkPolicy -}}
{{- include "tailprobe.judgeAccount" (list . $values) -}}
{{- include "tailprobe.judgeNamespaces" (list . $values) -}}
{{- end -}}

{{- define "tailprobe.judgeNames" -}}
{{- $fullname := include "tailprobe.fullname" . -}}
{{- if gt (len $fullname) 50 -}}
{{- fail (printf "The objects would be called %s, which is %d characters; 50 leave room for what comes behind. Set fullnameOverride to a shorter name." $fullname (len $fullname)) -}}
{{- end -}}
{{- if gt (len (include "tailprobe.name" .)) 63 -}}
{{- fail "nameOverride: it becomes a label, which takes 63 characters at most." -}}
{{- end -}}
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
{{- /* It becomes a part of TS_EXTRA_ARGS, which is parted at every blank that Unicode knows. */ -}}
{{- if not (regexMatch "^https?://[!-?A-~]+$" (include "tailprobe.loginServer" (index . 0))) -}}
{{- fail "tailscale.loginServer, or where it is empty config.headscale.url, is no address to sign in at: expected one such as https://headscale.example.com, without blanks and without @." -}}
{{- end -}}
{{- range $tailscale.extraArgs -}}
{{- if regexMatch "^--?(ssh|operator|advertise-exit-node|advertise-routes|advertise-connector)(=|$)" . -}}
{{- fail (printf "tailscale.extraArgs: %s would make more of this node than something that measures: a way into the pod or the cluster, or somebody who may change tailscale. Run a tailscale of its own for that." (regexFind "^[^=]*" .)) -}}
{{- end -}}
{{- if regexMatch "^--?(auth-?key|login-server|hostname|accept-dns|advertise-tags|client-secret|id-token)(=|$)" . -}}
{{- fail (printf "tailscale.extraArgs: %s is the chart's: keys come by tailscale.authKeySecret, the rest by tailscale.loginServer, hostname and tags, and the pod's DNS is left alone." (regexFind "^[^=]*" .)) -}}
{{- end -}}
{{- if regexMatch "[\\s\\v\\x{85}\\p{Z}]" . -}}
{{- fail (printf "tailscale.extraArgs: %q has a blank in it. Arguments are parted by blanks in the sidecar, so write each as one item, such as --flag=value." .) -}}
{{- end -}}
{{- if include "tailprobe.looksSecret" (list "" .) -}}
{{- fail "tailscale.extraArgs has something in it that looks like a key: keys come by tailscale.authKeySecret." -}}
{{- end -}}
{{- end -}}
{{- else if eq $tailscale.mode "kernel" -}}
{{- fail "tailscale.mode is kernel, but tailscale.enabled is false: there is no sidecar that could have a tunnel device. Set tailscale.enabled to true, or leave the mode at userspace." -}}
{{- end -}}
{{- if and $tailscale.hostSocket (not (regexMatch "^(/var)?/run(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+/[A-Za-z0-9_-][A-Za-z0-9_.-]*[.]sock$" $tailscale.hostSocket)) -}}
{{- fail (printf "tailscale.hostSocket: expected the absolute path of a .sock in a folder of its own below /run or /var/run, such as /var/run/tailscale/tailscaled.sock, got %q. The whole folder comes into the pod." $tailscale.hostSocket) -}}
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

{{/*
The namespaces of Roles, where a cluster can be asked: the account of the release's own namespace tells that, as who installs this may
look at accounts.
*/}}
{{- define "tailprobe.judgeNamespaces" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
{{- if and $values.rbac.create (lookup "v1" "ServiceAccount" $root.Release.Namespace "default") -}}
{{- $config := $values.config -}}
{{- $kubernetes := default dict $config.kubernetes -}}
{{- $named := dict -}}
{{- range $key := list "gpu_pods" "virtual_kubelet" "inventory_lease" -}}
{{- with get (default dict (get $kubernetes $key)) "namespace" }}{{- $_ := set $named . (printf "config.kubernetes.%s.namespace" $key) -}}{{- end -}}
{{- end -}}
{{- range default list (get (default dict $kubernetes.tailnet_exposure) "namespaces") }}{{- $_ := set $named . "config.kubernetes.tailnet_exposure.namespaces" -}}{{- end -}}
{{- with get (default dict (get (default dict (default dict $config.headscale).cli) "pod")) "namespace" }}{{- $_ := set $named . "config.headscale.cli.pod.namespace" -}}{{- end -}}
{{- range include "tailprobe.podWays" $config | fromYamlArray }}{{- $_ := set $named .namespace "a pod way of config.vantages" -}}{{- end -}}
{{- range $namespace, $_ := (include "tailprobe.rights" $root | fromYaml).namespaces -}}
{{- $path := get $named $namespace -}}
{{- if and $path (ne $namespace $root.Release.Namespace) (not (lookup "v1" "Namespace" "" $namespace)) -}}
{{- fail (printf "%s is %s, but this cluster has no such namespace, and there can be no Role in it. Make it first, or name the one that is meant." $path $namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* An address of egress.except must not come back by egress.to. */}}
{{- define "tailprobe.judgeNetworkPolicy" -}}
{{- $except := .egress.except -}}
{{- range .egress.to -}}
{{- $cidr := .cidr -}}
{{- range $except -}}
{{- if include "tailprobe.holds" (list . $cidr) -}}
{{- fail (printf "networkPolicy.egress.to: %s is inside %s, which networkPolicy.egress.except keeps the pods from (the metadata services of clouds hand out credentials of the node). Take one of the two out." $cidr .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Rights of `default` would be those of every pod of the namespace that names no account. */}}
{{- define "tailprobe.judgeAccount" -}}
{{- $root := index . 0 -}}
{{- if and (index . 1).rbac.create (eq (include "tailprobe.serviceAccountName" $root) "default") -}}
{{- $rights := include "tailprobe.rights" $root | fromYaml -}}
{{- if or $rights.namespaces $rights.cluster -}}
{{- fail "serviceAccount: the rights of tailprobe would go to the account `default`, and so to every pod of this namespace that names none. Leave serviceAccount.create at true, or name an account of its own in serviceAccount.name, or set rbac.create to false." -}}
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
