{{/*
What the configuration makes the daemon do at the Kubernetes API, as rules: `namespaces` by name, and `cluster`. The table is in
docs/kubernetes.md. With a kubeconfig it acts as somebody else, and needs nothing here.
*/}}
{{- define "tailprobe.rights" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- $config := include "tailprobe.config" . | fromYaml -}}
{{- $rights := dict "namespaces" dict "cluster" list -}}
{{- if $values.tailscale.enabled -}}
{{- include "tailprobe.grantState" (list . $rights) -}}
{{- end -}}
{{- if include "tailprobe.asksApi" . -}}
{{- include "tailprobe.grantReads" (list $config $rights) -}}
{{- include "tailprobe.grantExec" (list $config $rights) -}}
{{- include "tailprobe.grantLease" (list . $config $rights) -}}
{{- end -}}
{{- toYaml $rights -}}
{{- end -}}

{{/* The sidecar's identity. The chart makes the Secrets, so that nobody has to be let create any. */}}
{{- define "tailprobe.grantState" -}}
{{- $root := index . 0 -}}
{{- $names := list -}}
{{- range include "tailprobe.replicas" $root | fromYamlArray -}}
{{- $names = append $names (printf "%s-tailscale" .name) -}}
{{- end -}}
{{- $rule := dict "apiGroups" (list "") "resources" (list "secrets") "resourceNames" $names "verbs" (list "get" "update" "patch") -}}
{{- include "tailprobe.grant" (list (index . 1) $root.Release.Namespace $rule) -}}
{{- end -}}

{{- define "tailprobe.grantReads" -}}
{{- $kubernetes := (index . 0).kubernetes -}}
{{- $rights := index . 1 -}}
{{- $reads := list "list" "watch" -}}
{{- $pods := dict "apiGroups" (list "") "resources" (list "pods") "verbs" $reads -}}
{{- $ways := include "tailprobe.podWays" (index . 0) | fromYamlArray -}}
{{- $namespaces := list -}}
{{- with $kubernetes.gpu_pods }}{{- $namespaces = append $namespaces .namespace -}}{{- end -}}
{{- range $ways }}{{- $namespaces = append $namespaces .namespace -}}{{- end -}}
{{- with $kubernetes.tailnet_exposure }}{{- $namespaces = concat $namespaces .namespaces -}}{{- end -}}
{{- range uniq $namespaces -}}
{{- include "tailprobe.grant" (list $rights . $pods) -}}
{{- end -}}
{{- $wantsNodes := or $kubernetes.nodes $kubernetes.gpu_pods -}}
{{- if or $wantsNodes $ways -}}
{{- $nodes := dict "apiGroups" (list "") "resources" (list "nodes") "verbs" $reads -}}
{{- $names := get (default dict $kubernetes.nodes) "names" -}}
{{- if eq (len (default list $names)) 1 }}{{- $_ := set $nodes "resourceNames" $names -}}{{- end -}}
{{- $_ := set $rights "cluster" (append $rights.cluster $nodes) -}}
{{- end -}}
{{- with $kubernetes.virtual_kubelet -}}
{{- $deployment := dict "apiGroups" (list "apps") "resources" (list "deployments") "resourceNames" (list .deployment) "verbs" $reads -}}
{{- include "tailprobe.grant" (list $rights .namespace $deployment) -}}
{{- end -}}
{{- if and $wantsNodes (ne (toString $kubernetes.leases) "false") -}}
{{- $lease := dict "apiGroups" (list "coordination.k8s.io") "resources" (list "leases") "verbs" (list "get") -}}
{{- include "tailprobe.grant" (list $rights "kube-node-lease" $lease) -}}
{{- end -}}
{{- end -}}

{{/* Only where the configuration goes into pods: it is a shell in every pod of the namespace. */}}
{{- define "tailprobe.grantExec" -}}
{{- $config := index . 0 -}}
{{- $rights := index . 1 -}}
{{- $namespaces := list -}}
{{- range include "tailprobe.podWays" $config | fromYamlArray -}}
{{- $namespaces = append $namespaces .namespace -}}
{{- end -}}
{{- $headscalePod := get (default dict (get (default dict $config.headscale) "cli")) "pod" -}}
{{- with $headscalePod -}}
{{- $list := dict "apiGroups" (list "") "resources" (list "pods") "verbs" (list "list") -}}
{{- include "tailprobe.grant" (list $rights .namespace $list) -}}
{{- $namespaces = append $namespaces .namespace -}}
{{- end -}}
{{- $exec := dict "apiGroups" (list "") "resources" (list "pods/exec") "verbs" (list "get" "create") -}}
{{- range uniq $namespaces -}}
{{- include "tailprobe.grant" (list $rights . $exec) -}}
{{- end -}}
{{- end -}}

{{- define "tailprobe.grantLease" -}}
{{- $root := index . 0 -}}
{{- $rights := index . 2 -}}
{{- with (index . 1).kubernetes.inventory_lease -}}
{{- $namespace := default $root.Release.Namespace .namespace -}}
{{- $leases := dict "apiGroups" (list "coordination.k8s.io") "resources" (list "leases") -}}
{{- $keep := merge (dict "resourceNames" (list .name) "verbs" (list "get" "update")) $leases -}}
{{- $make := merge (dict "verbs" (list "create")) $leases -}}
{{- include "tailprobe.grant" (list $rights $namespace $keep) -}}
{{- include "tailprobe.grant" (list $rights $namespace $make) -}}
{{- end -}}
{{- end -}}

{{/* The ways of type `pod` of all vantages. */}}
{{- define "tailprobe.podWays" -}}
{{- $ways := list -}}
{{- range .vantages -}}
{{- if kindIs "map" . -}}
{{- range .ways -}}
{{- if and (kindIs "map" .) .pod }}{{- $ways = append $ways .pod -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $ways -}}
{{- end -}}

{{/* Adds a rule to those of a namespace, unless it is there. */}}
{{- define "tailprobe.grant" -}}
{{- $namespaces := (index . 0).namespaces -}}
{{- $rules := default list (get $namespaces (index . 1)) -}}
{{- if not (has (index . 2) $rules) -}}
{{- $_ := set $namespaces (index . 1) (append $rules (index . 2)) -}}
{{- end -}}
{{- end -}}
