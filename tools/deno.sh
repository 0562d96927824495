#!/bin/sh
# Runs the Deno that this project is pinned to (.deno-version), with the given arguments. Where it
# is not there yet, it is fetched once into .tools/: by npm, or by Deno's own installer.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
version=$(cat "$root/.deno-version")
tools=$root/.tools

say() { printf 'ringkeeper: %s\n' "$*" >&2; }

# Is this file the pinned Deno? One that cannot run here (another C library) is not.
is_pinned() {
  [ -x "$1" ] || return 1
  [ "$("$1" --version 2>/dev/null | sed -n '1s/^deno \([^ ]*\).*/\1/p')" = "$version" ]
}

# Scripts named deno (npm's shim, version managers) do not pass signals on to the real one.
is_script() { [ "$(head -c 2 "$1" | tr -d '\0')" = '#!' ]; }

# The native binary of the npm package is in its platform package, whether or not npm was allowed
# to run the script that would have linked it into place.
fetched() {
  for candidate in "$tools"/node_modules/@deno/*/deno "$tools/bin/deno"; do
    if is_pinned "$candidate"; then
      deno=$candidate
      return 0
    fi
  done
  return 1
}

on_path() {
  deno=$(command -v deno 2>/dev/null) || return 1
  is_pinned "$deno" || return 1
  ! is_script "$deno"
}

# Node has certificates of its own; a network that signs its own ones needs the system's as well.
trust_system() {
  [ -z "${NODE_EXTRA_CA_CERTS:-}" ] || return 0
  for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    if [ -r "$bundle" ]; then
      export NODE_EXTRA_CA_CERTS="$bundle"
      return 0
    fi
  done
}

fetch_by_npm() {
  command -v npm >/dev/null 2>&1 || return 1
  say "fetching deno $version by npm into .tools/ (once)"
  trust_system
  npm install --prefix "$tools" --no-save --ignore-scripts --include=optional \
    --no-audit --no-fund --loglevel=error --fetch-retry-mintimeout=1000 "deno@$version" >&2 || return 1
  chmod +x "$tools"/node_modules/@deno/*/deno || return 1
  fetched
}

# CI=true keeps the installer from asking to change the shell's start files.
fetch_by_installer() {
  command -v curl >/dev/null 2>&1 || return 1
  say "fetching deno $version by its installer into .tools/ (once)"
  curl -fsSL https://deno.land/install.sh -o "$tools/install.sh" || return 1
  CI=true DENO_INSTALL=$tools sh "$tools/install.sh" "v$version" >&2 </dev/null || return 1
  fetched
}

fetch() {
  mkdir -p "$tools"
  fetch_by_npm || fetch_by_installer && return 0
  say "could not fetch deno $version: it takes npm, or curl and unzip, and a way to the internet."
  say "With deno $version on the PATH nothing is fetched; see https://deno.land"
  exit 1
}

fetched || on_path || fetch

# A network that signs its own certificates works where the system trusts them.
export DENO_TLS_CA_STORE="${DENO_TLS_CA_STORE:-mozilla,system}"
export DENO_NO_UPDATE_CHECK=1
# The tools start `deno` by name.
PATH=$(dirname -- "$deno"):$PATH
export PATH
exec "$deno" "$@"
