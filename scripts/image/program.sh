#!/bin/sh
# Build stage: writes below $1, as it will lie in the image: the program, the packages that it needs, Node.js, and the list of all that.
set -eu
out=$1
program=$out/opt/tailprobe
documents=$out/usr/share/doc

node scripts/release/program.ts "$program"
(cd "$program" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund)
mkdir -p "$documents/tailprobe" "$documents/node" "$out/usr/local/bin"
node scripts/release/sbom.ts "$program" --with-node >"$documents/tailprobe/sbom.cdx.json"
# Half of what packages bring is for whoever develops with them.
find "$program/node_modules" -type f \( -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.map' \) -delete
find "$program/node_modules" -type d -empty -delete

# Without its symbols it is 30 MB smaller.
strip --strip-all -o "$out/usr/local/bin/node" "$(command -v node)"
chmod 755 "$out/usr/local/bin/node"
if [ -e /usr/local/LICENSE ]; then cp /usr/local/LICENSE "$documents/node/copyright"; fi
cp scripts/image/tailprobe.sh "$out/usr/local/bin/tailprobe"
chmod 755 "$out/usr/local/bin/tailprobe"

# The same whenever it is made of the same.
find "$out" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:-0}" {} +
