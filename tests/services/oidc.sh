# A throw-away OpenID provider for the tests (npm, locked). Sourced.
# oidc_start exports MEJA_TEST_OIDC_ISSUER; oidc_stop ends the provider.
# shellcheck shell=bash

oidc_start() {
  local here port=$((13525 + RANDOM % 4000)) tries
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")/oidc" && pwd)
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  oidc_log=$(mktemp /tmp/meja-oidc.XXXXXX)
  if ! (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund) >"$oidc_log" 2>&1 </dev/null; then
    cat "$oidc_log" >&2
    echo "tests/all: the OpenID provider could not be installed" >&2
    return 1
  fi
  node "$here/provider.mjs" "$port" >"$oidc_log" 2>&1 </dev/null &
  oidc_pid=$!
  for tries in {1..100}; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      export MEJA_TEST_OIDC_ISSUER="http://127.0.0.1:$port"
      return 0
    fi
    kill -0 "$oidc_pid" 2>/dev/null || break
    sleep 0.1
  done
  cat "$oidc_log" >&2
  echo "tests/all: the OpenID provider did not start after $tries tries" >&2
  return 1
}

oidc_stop() {
  [[ -n ${oidc_pid:-} ]] || return 0
  kill "$oidc_pid" 2>/dev/null || true
  wait "$oidc_pid" 2>/dev/null || true
  rm -f "$oidc_log"
  unset oidc_pid oidc_log MEJA_TEST_OIDC_ISSUER
}
