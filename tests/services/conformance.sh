# shellcheck shell=bash
# Sourced by tests/all: does the API do what its OpenAPI document says? schemathesis (from PyPI, pinned, in a virtual
# environment beside the build) asks a demo of the program with every check it has; the seed is fixed, so a run can be had
# again. Whatever it changes is a demo's. One check is left out: the framework reads a number or a boolean where a string is
# asked for as its text, so that `negative_data_rejection` finds harmless things.

schemathesis_version=4.32.5

# conformance PROGRAM
conformance() {
  local program=$1 tools folder address status=0
  tools="${CARGO_TARGET_DIR:-$PWD/target}/schemathesis-$schemathesis_version"
  if [[ ! -x $tools/bin/schemathesis ]]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet "schemathesis==$schemathesis_version"
  fi
  folder=$(mktemp -d)
  MEJA_METRICS_LISTEN='' MEJA_LOG=error "$program" demo --data "$folder/data" --listen 127.0.0.1:0 \
    --now 2026-10-20T09:00:00+07:00 --speed 1 >"$folder/said" 2>"$folder/log" &
  local server=$!
  for _ in {1..300}; do
    address=$(grep -om1 'http://127[^ ]*' "$folder/said" || true)
    [[ -n $address ]] && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.2
  done
  [[ -n $address ]] || { cat "$folder/log"; return 1; }
  (cd "$folder" && "$tools/bin/schemathesis" --config-file "$OLDPWD/tests/schemathesis.toml" run "$address/api/v1/openapi.json" \
    --url "$address/api/v1" -H 'Authorization: Bearer demo-superadmin' --checks all --exclude-checks negative_data_rejection --seed 1 --max-examples 10 \
    --workers 1 --exclude-path /demo/clock --no-color) || status=$?
  kill "$server"
  wait "$server" || true
  rm -rf "$folder"
  return "$status"
}
