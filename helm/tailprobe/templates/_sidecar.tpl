{{/* tailscale beside the daemon: it starts first, ends last, and holds up nobody while it is not in the tailnet. (list ROOT VALUES REPLICA) */}}
{{- define "tailprobe.sidecar" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
{{- $replica := index . 2 -}}
{{- $tailscale := $values.tailscale -}}
{{- $isKernel := eq $tailscale.mode "kernel" -}}
{{- $hostname := default (include "tailprobe.fullname" $root) $tailscale.hostname -}}
{{- $arguments := list (printf "--login-server=%s" (include "tailprobe.loginServer" $root)) -}}
{{- with $tailscale.tags }}{{- $arguments = append $arguments (printf "--advertise-tags=%s" (join "," .)) -}}{{- end -}}
- name: tailscale
  image: {{ include "tailprobe.image" (list $tailscale.image "") | toJson }}
  imagePullPolicy: {{ $tailscale.image.pullPolicy }}
  restartPolicy: Always
  # containerboot ends at once where the key is missing. A kubelet goes on to the next container only when it saw this one run, and waits up
  # to five minutes between two looks at one that keeps ending: so the shell stays, and starts it anew. What an end left behind goes first.
  command:
    - /bin/sh
    - -c
    - |
      trap 'trap "" TERM INT; kill -TERM $! 2>/dev/null; wait; exit 0' TERM INT
      while :; do
        /usr/local/bin/containerboot & wait $!
        read -r pid rest </proc/self/stat
        [ "$pid" != 1 ] || kill -9 -1 2>/dev/null
        echo "containerboot ended; it is started again in 5 s."
        sleep 5 & wait $!
      done
  env:
    - {name: TS_USERSPACE, value: {{ not $isKernel | toString | quote }}}
    {{- if not $isKernel }}
    # Not 127.0.0.1: tailscaled passes connections of peers on to it, and they would find an open proxy into the cluster.
    - {name: TS_SOCKS5_SERVER, value: "127.0.0.2:1055"}
    {{- else }}
    # iptables locks a file, by default in /run, which is read-only here.
    - {name: XTABLES_LOCKFILE, value: /tmp/xtables.lock}
    {{- end }}
    - {name: TS_SOCKET, value: /var/run/tailscale/tailscaled.sock}
    - {name: TS_KUBE_SECRET, value: {{ printf "%s-tailscale" $replica.name | toJson }}}
    # Signs in once: a key that has expired since does not throw out a node that is in.
    - {name: TS_AUTH_ONCE, value: "true"}
    {{- if $tailscale.authKeySecret.name }}
    - {name: TS_AUTHKEY, value: "file:/run/secrets/tailscale/authkey"}
    {{- end }}
    - {name: TS_HOSTNAME, value: {{ ternary $hostname (printf "%s-b" $hostname) (eq $replica.letter "a") | toJson }}}
    # The pod's resolv.conf is left alone: tailprobe asks MagicDNS itself.
    - {name: TS_ACCEPT_DNS, value: "false"}
    - {name: TS_EXTRA_ARGS, value: {{ concat $arguments $tailscale.extraArgs | join " " | toJson }}}
    # What happens in a tailnet of your own is told to nobody else.
    - {name: TS_TAILSCALED_EXTRA_ARGS, value: {{ printf "--port=%d --no-logs-no-support" (int $tailscale.port) | toJson }}}
  {{- if gt (int $tailscale.port) 0 }}
  ports:
    - {name: tailscale, containerPort: {{ int $tailscale.port }}, protocol: UDP}
  {{- end }}
  securityContext:
    {{- if $isKernel }}
    runAsUser: 0
    runAsGroup: 0
    runAsNonRoot: false
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    # NET_RAW: the iptables of tailscale's image is the legacy one, which speaks to the kernel by a raw socket.
    capabilities: {drop: [ALL], add: [NET_ADMIN, NET_RAW]}
    {{- else }}
    # Another user than the daemon: who shares one with tailscaled, or is root, may change how it runs. All others may only look and ping.
    runAsUser: 65533
    runAsGroup: 65532
    {{- include "tailprobe.containerSecurity" . | nindent 4 }}
    {{- end }}
  resources: {{- toYaml $tailscale.resources | nindent 4 }}
  volumeMounts:
    - {name: tailscaled, mountPath: /var/run/tailscale}
    - {name: tailscale-tmp, mountPath: /tmp}
    {{- include "tailprobe.tokenMount" . | nindent 4 }}
    {{- if $tailscale.authKeySecret.name }}
    - {name: tailscale-authkey, mountPath: /run/secrets/tailscale, readOnly: true}
    {{- end }}
    {{- if $isKernel }}
    - {name: tun, mountPath: /dev/net/tun}
    {{- end }}
{{- end -}}
