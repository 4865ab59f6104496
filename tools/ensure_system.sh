#!/usr/bin/env bash
# A browser, what its driver links to, a PostgreSQL server, and fonts with Kazakh letters: from PATH, else from Debian's packages, else say so and stop.
set -euo pipefail
missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
/sbin/ldconfig -p | grep -q libatomic.so.1 || missing+=(libatomic1)
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
[ -d /usr/share/fonts/truetype/noto ] || missing+=(fonts-noto-core)
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
  echo "not run: ${missing[*]} missing and apt-get is not here; install them" >&2
  [ "${ALLOW_MISSING:-}" = 1 ] && exit 0 || exit 1
fi
root=""; [ "$(id -u)" = 0 ] || root=sudo
echo "Installing ${missing[*]} with apt-get" >&2
{ $root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } || {
  echo "not run: could not install ${missing[*]}; tests need them (ALLOW_MISSING=1 goes on without)" >&2
  [ "${ALLOW_MISSING:-}" = 1 ] && exit 0 || exit 1
}
