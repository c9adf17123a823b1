{{/*
Goes through the configuration, and notes in `found`: `files` (each FILE below /run/secrets/tailprobe), `elsewhere` (paths of secrets that
are not there), `variables` (of the environment), `literals` (places where a secret seems to stand as it is; never the secret).
Takes (dict "value" … "path" … "key" … "found" …); `key` is the one that the value stands under.
*/}}
{{- define "tailprobe.walk" -}}
{{- $found := .found -}}
{{- $path := .path -}}
{{- $key := .key -}}
{{- if kindIs "map" .value -}}
{{- range $inner, $value := .value -}}
{{- $under := ternary $key $inner (and (eq $inner "values") (ne $key "")) -}}
{{- include "tailprobe.walk" (dict "value" $value "path" (printf "%s.%s" $path $inner) "key" $under "found" $found) -}}
{{- end -}}
{{- if and (hasKey .value "env") (not (omit .value "env" "name")) -}}
{{- $_ := set $found "variables" (append $found.variables (printf "%s (%s)" $path .value.env)) -}}
{{- end -}}
{{- else if kindIs "slice" .value -}}
{{- range $index, $value := .value -}}
{{- include "tailprobe.walk" (dict "value" $value "path" (printf "%s[%d]" $path $index) "key" $key "found" $found) -}}
{{- end -}}
{{- else if and (kindIs "string" .value) .value -}}
{{- if hasPrefix "/run/secrets/tailprobe/" .value -}}
{{- $_ := set $found "files" (append $found.files (dict "path" $path "file" (trimPrefix "/run/secrets/tailprobe/" .value))) -}}
{{- else if regexMatch "(^|_)files?$" $key -}}
{{- $_ := set $found "elsewhere" (append $found.elsewhere (printf "%s (%s)" $path .value)) -}}
{{- else if include "tailprobe.looksSecret" (list $key .value) -}}
{{- $_ := set $found "literals" (append $found.literals $path) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Whether a text that stands under a key looks like a secret: by the name of the key, or by itself (keys of headscale and of others,
private keys, tokens, passwords in URLs).
*/}}
{{- define "tailprobe.looksSecret" -}}
{{- $key := toString (index . 0) -}}
{{- $text := index . 1 -}}
{{- $isNamed := and (regexMatch "(?i)authorization|cookie|token|secret|password|passwd|credential|api[-_]?key|private" $key) (not (regexMatch "_files?$|^files?$" $key)) -}}
{{- $isNamed = or $isNamed (regexMatch "(?i)^x-(.*-)?(auth|key|sign|signature|session|pass|access)(-|$)" $key) -}}
{{- $shapes := list
	"-----BEGIN [A-Z ]*PRIVATE KEY-----"
	"(^|[^A-Za-z0-9])(tskey|hskey)-[A-Za-z0-9_-]{8,}"
	"(?i)(^|[^a-z0-9])(bearer|basic) +[A-Za-z0-9+/=._~-]{12,}"
	"://[^/@ ]*:[^/@ ]+@"
	"(?i)[?&]([a-z_-]*(token|secret|password|api_?key)|key|sig|signature)=[^&{]{6,}"
	"(^|[^A-Za-z0-9])(gh[pousr]_|github_pat_|xox[abp]-|AKIA|glpat-)[A-Za-z0-9_-]{10,}"
	"eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}"
-}}
{{- /* What is sent as it stands may name it inside. */ -}}
{{- if has $key (list "body" "send") }}
{{- $shapes = concat $shapes (list
	"(?i)[\"']?(password|passwd|secret|token|credential|api[-_]?key)[\"']?\\s*[:=]\\s*[\"']?[^\\s\"'{}<>$]{6,}"
	"(?i)(^|\\n)(auth|pass) +[^\\s]{6,}"
) -}}
{{- end -}}
{{- $isShaped := false -}}
{{- range $shapes }}{{- if regexMatch . $text }}{{- $isShaped = true -}}{{- end -}}{{- end -}}
{{- if or $isNamed $isShaped -}}true{{- end -}}
{{- end -}}

{{/* What the walk through the whole configuration found. */}}
{{- define "tailprobe.found" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- $found := dict "files" list "elsewhere" list "variables" list "literals" list -}}
{{- include "tailprobe.walk" (dict "value" $values.config "path" "config" "key" "" "found" $found) -}}
{{- toYaml $found -}}
{{- end -}}
