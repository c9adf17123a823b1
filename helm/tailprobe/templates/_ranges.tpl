{{/* The clusterRanges that lie across the tailnet's, as a list. Only IPv4: the program looks at the rest while it runs. */}}
{{- define "tailprobe.overlaps" -}}
{{- $values := include "tailprobe.values" . | fromYaml -}}
{{- $tailnet := default (list "100.64.0.0/10") (get (default dict $values.config.tailnet) "prefixes") -}}
{{- $overlaps := list -}}
{{- range $range := $values.clusterRanges -}}
{{- range $prefix := $tailnet -}}
{{- if not (or (contains ":" $range) (contains ":" $prefix)) -}}
{{- $one := include "tailprobe.span" $range | fromYaml -}}
{{- $other := include "tailprobe.span" $prefix | fromYaml -}}
{{- if and (le $one.first $other.last) (le $other.first $one.last) }}{{- $overlaps = append $overlaps $range -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- uniq $overlaps | toYaml -}}
{{- end -}}

{{/* Whether the first range has all of the second in it. Of IPv6 it knows what is the same, and the range of everything. */}}
{{- define "tailprobe.holds" -}}
{{- $outer := index . 0 -}}
{{- $inner := index . 1 -}}
{{- if eq $outer $inner -}}true
{{- else if and (contains ":" $outer) (contains ":" $inner) -}}
{{- if hasSuffix "/0" $outer -}}true{{- end -}}
{{- else if not (or (contains ":" $outer) (contains ":" $inner)) -}}
{{- $one := include "tailprobe.span" $outer | fromYaml -}}
{{- $other := include "tailprobe.span" $inner | fromYaml -}}
{{- if and (le $one.first $other.first) (le $other.last $one.last) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* First and last address of an IPv4 range, as numbers. */}}
{{- define "tailprobe.span" -}}
{{- $parts := splitList "/" . -}}
{{- $number := 0 -}}
{{- range splitList "." (first $parts) }}{{- $number = add (mul $number 256) (atoi .) -}}{{- end -}}
{{- $size := 1 -}}
{{- range until (int (sub 32 (atoi (last $parts)))) }}{{- $size = mul $size 2 -}}{{- end -}}
{{- $first := sub $number (mod $number $size) -}}
first: {{ $first }}
last: {{ sub (add $first $size) 1 }}
{{- end -}}
