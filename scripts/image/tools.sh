#!/bin/sh
# Build stage: what it takes to compile, in the working directory: exactly what package-lock.json names.
set -eu
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends binutils
# No package runs anything here, and none needs to.
npm ci --ignore-scripts --no-audit --no-fund
