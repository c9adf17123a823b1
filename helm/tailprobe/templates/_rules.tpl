{{/* The names of all alerts in files/alerts. */}}
{{- define "tailprobe.alertNames" -}}
{{- $names := list -}}
{{- range $path, $_ := .Files.Glob "files/alerts/*.yaml" -}}
{{- range ($.Files.Get $path | fromYaml).groups -}}
{{- range .rules }}{{- if .alert }}{{- $names = append $names .alert -}}{{- end -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- uniq $names | sortAlpha | toYaml -}}
{{- end -}}

{{/* The groups of a file of rules, without the alerts that are switched off, and with links that lead somewhere. */}}
{{- define "tailprobe.ruleGroups" -}}
{{- $root := index . 0 -}}
{{- $values := include "tailprobe.values" $root | fromYaml -}}
{{- $links := dict
	"https://runbooks.example.com/tailprobe" (trimSuffix "/" $values.alerts.runbookUrl)
	"https://grafana.example.com" (trimSuffix "/" $values.alerts.dashboardUrl)
	"https://tailprobe.example.com" (include "tailprobe.statusPageUrl" $root)
-}}
{{- $groups := list -}}
{{- range ($root.Files.Get (index . 1) | fromYaml).groups -}}
{{- $rules := list -}}
{{- range .rules -}}
{{- if not (and .alert (has .alert $values.alerts.disabled)) -}}
{{- if .annotations }}{{- include "tailprobe.relink" (list .annotations $links) -}}{{- end -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- end -}}
{{- if $rules -}}
{{- $groups = append $groups (set . "rules" $rules) -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}

{{/* Puts the links of annotations where they lead, in place; one that leads nowhere is taken out. */}}
{{- define "tailprobe.relink" -}}
{{- $annotations := index . 0 -}}
{{- range $from, $to := index . 1 -}}
{{- range $name, $text := deepCopy $annotations -}}
{{- if contains $from $text -}}
{{- if $to -}}
{{- $_ := set $annotations $name (replace $from $to $text) -}}
{{- else -}}
{{- $_ := unset $annotations $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
