#!/bin/sh
# ssh leaves processes behind that process 1 has to clear away, which Node.js would not: there it is tini.
if [ $$ -eq 1 ]; then exec tini -- "$0" "$@"; fi
MALLOC_ARENA_MAX=2 exec /usr/local/bin/node --max-semi-space-size=2 /opt/tailprobe/src/main.js "$@"
