{{/* The pod of a replica: (list ROOT VALUES REPLICA). Everything in it is restricted Pod Security, but for the kernel's tunnel and the node's socket. */}}
{{- define "tailprobe.pod" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
{{- $replica := index . 2 -}}
serviceAccountName: {{ include "tailprobe.serviceAccountName" $root | toJson }}
# Not into every container: who asks the API mounts the token himself.
automountServiceAccountToken: false
{{- with $values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ toJson . }}
{{- end }}
securityContext:
  {{- include "tailprobe.podSecurity" . | nindent 2 }}
  # Lets ping and fping ask without any capability.
  sysctls: [{name: net.ipv4.ping_group_range, value: "0 2147483647"}]
initContainers:
  {{- if $values.tailscale.enabled }}
  {{- include "tailprobe.sidecar" . | nindent 2 }}
  {{- end }}
  - name: check-config
    image: {{ include "tailprobe.image" (list $values.image $root.Chart.AppVersion) | toJson }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: [check-config, /etc/tailprobe/tailprobe.yaml]
    securityContext: {{- include "tailprobe.containerSecurity" . | nindent 6 }}
    resources: {{- toYaml $values.resources | nindent 6 }}
    volumeMounts: {{- include "tailprobe.mounts" . | nindent 6 }}
containers:
  - name: tailprobe
    image: {{ include "tailprobe.image" (list $values.image $root.Chart.AppVersion) | toJson }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: [serve, --config, /etc/tailprobe/tailprobe.yaml]
    env:
      # So that the command line works in here: kubectl exec … -c tailprobe -- tailprobe diagnose
      - {name: TAILPROBE_TOKEN_FILE, value: /run/secrets/tailprobe/token}
      {{- if eq (include "tailprobe.scheme" $root) "https" }}
      - {name: TAILPROBE_URL, value: "https://localhost:9753"}
      {{- if $values.webConfigSecret.caKey }}
      - {name: TAILPROBE_CA_FILE, value: {{ printf "/run/secrets/tailprobe-web/%s" $values.webConfigSecret.caKey | toJson }}}
      {{- end }}
      {{- end }}
    ports:
      - {name: http, containerPort: 9753}
    livenessProbe:
      {{- if eq (include "tailprobe.scheme" $root) "https" }}
      # Until the Secret with the certificate comes, it speaks plain HTTP; that is no reason to be restarted.
      tcpSocket: {port: http}
      {{- else }}
      httpGet: {path: /-/healthy, port: http}
      {{- end }}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      httpGet: {path: /-/ready, port: http, scheme: {{ include "tailprobe.scheme" $root | upper }}}
      periodSeconds: 5
      timeoutSeconds: 5
    securityContext: {{- include "tailprobe.containerSecurity" . | nindent 6 }}
    resources: {{- toYaml $values.resources | nindent 6 }}
    volumeMounts:
      {{- include "tailprobe.mounts" . | nindent 6 }}
      {{- if include "tailprobe.asksApi" $root }}
      {{- include "tailprobe.tokenMount" . | nindent 6 }}
      {{- end }}
volumes:
  {{- include "tailprobe.volumes" . | nindent 2 }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $values.affinity }}
affinity: {{- toYaml $values.affinity | nindent 2 }}
{{- else if eq (int $values.replicas) 2 }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "tailprobe.selectorLabels" $root | nindent 14 }}
{{- end }}
{{- end -}}

{{/* fsGroup: the files of Secrets can be read by it, and by nobody else. */}}
{{- define "tailprobe.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "tailprobe.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "tailprobe.mounts" -}}
{{- $values := index . 1 -}}
# The whole folder, so that a change reaches the program.
- {name: config, mountPath: /etc/tailprobe, readOnly: true}
- {name: secrets, mountPath: /run/secrets/tailprobe, readOnly: true}
{{- if $values.webConfigSecret.name }}
- {name: web, mountPath: /run/secrets/tailprobe-web, readOnly: true}
{{- end }}
{{- if or $values.tailscale.enabled $values.tailscale.hostSocket }}
- {name: tailscaled, mountPath: /var/run/tailscale, readOnly: true}
{{- end }}
- {name: tmp, mountPath: /tmp}
{{- end -}}

{{- define "tailprobe.volumes" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
- name: config
  configMap: {name: {{ include "tailprobe.fullname" $root }}}
# Optional all of them: one that is missing holds up nothing else, and is there soon after it was made. 288 is 0440, which not all read alike.
- name: secrets
  projected:
    defaultMode: 288
    sources:
      - secret:
          name: {{ include "tailprobe.tokenSecretName" $root | toJson }}
          optional: true
          items: [{key: {{ $values.auth.tokenSecret.key | toJson }}, path: token}]
      {{- range $file, $from := $values.secrets }}
      - secret:
          name: {{ $from.secret | toJson }}
          optional: true
          items: [{key: {{ $from.key | toJson }}, path: {{ $file | toJson }}}]
      {{- end }}
{{- with $values.webConfigSecret }}
{{- if .name }}
- name: web
  secret: {secretName: {{ .name | toJson }}, optional: true, defaultMode: 288}
{{- end }}
{{- end }}
{{- if $values.tailscale.enabled }}
- name: tailscaled
  emptyDir: {sizeLimit: 16Mi}
- name: tailscale-tmp
  emptyDir: {sizeLimit: 64Mi}
{{- with $values.tailscale.authKeySecret }}
{{- if .name }}
- name: tailscale-authkey
  secret:
    secretName: {{ .name | toJson }}
    optional: true
    defaultMode: 288
    items: [{key: {{ .key | toJson }}, path: authkey}]
{{- end }}
{{- end }}
{{- if eq $values.tailscale.mode "kernel" }}
- name: tun
  hostPath: {path: /dev/net/tun, type: CharDevice}
{{- end }}
{{- else if $values.tailscale.hostSocket }}
# The folder and not the socket: that is another one after each start of tailscaled.
- name: tailscaled
  hostPath: {path: {{ dir $values.tailscale.hostSocket | toJson }}, type: Directory}
{{- end }}
{{- if or $values.tailscale.enabled (include "tailprobe.asksApi" $root) }}
# As Kubernetes itself would lay it into every container, but for its 3607 s: a token for so long is one that the API server takes for a
# year. Of three hours 36 minutes are left when it is renewed, and tailscale goes on with one for half an hour.
- name: kube-api-access
  projected:
    defaultMode: 288
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 10800}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}}]}
{{- end }}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end -}}

{{/* Whether the daemon asks the Kubernetes API as the account of its pod. */}}
{{- define "tailprobe.asksApi" -}}
{{- $config := include "tailprobe.config" . | fromYaml -}}
{{- if and (kindIs "map" $config.kubernetes) (not (get (default dict $config.kubernetes) "kubeconfig_file")) -}}true{{- end -}}
{{- end -}}

{{- define "tailprobe.tokenMount" -}}
- {name: kube-api-access, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end -}}
