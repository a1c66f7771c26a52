# A throw-away real ClamAV daemon for the tests, with one signature of its own: nothing is downloaded. Sourced.
# clamav_start exports MEJA_TEST_CLAMD (the path of its socket) and MEJA_TEST_CLAMD_TCP (its address and port); clamav_stop ends it and removes its folder.
# shellcheck shell=bash

clamav_start() {
  clamav_dir=$(mktemp -d /tmp/meja-clamav.XXXXXX)
  chmod 755 "$clamav_dir"
  mkdir "$clamav_dir/db"
  local clamav_port=$((13310 + RANDOM % 4000))
  while (exec 3<>"/dev/tcp/127.0.0.1/$clamav_port") 2>/dev/null; do clamav_port=$((clamav_port + 1)); done
  # The EICAR test file: 68 bytes with this digest. It harms nothing; every scanner knows it.
  echo '44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature' >"$clamav_dir/db/uji.hdb"
  cat >"$clamav_dir/clamd.conf" <<CF
LocalSocket $clamav_dir/clamd.sock
LocalSocketMode 666
TCPSocket $clamav_port
TCPAddr 127.0.0.1
DatabaseDirectory $clamav_dir/db
LogFile $clamav_dir/clamd.log
PidFile $clamav_dir/clamd.pid
StreamMaxLength 5M
Foreground yes
CF
  clamd -c "$clamav_dir/clamd.conf" >"$clamav_dir/start.log" 2>&1 </dev/null &
  clamav_pid=$!
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    [[ -S $clamav_dir/clamd.sock ]] && break
    sleep 0.1
  done
  if [[ ! -S $clamav_dir/clamd.sock ]]; then
    cat "$clamav_dir"/*.log >&2
    echo "tests/all: clamd did not start" >&2
    return 1
  fi
  export MEJA_TEST_CLAMD="$clamav_dir/clamd.sock" MEJA_TEST_CLAMD_TCP="127.0.0.1:$clamav_port"
}

clamav_stop() {
  [[ -n ${clamav_dir:-} ]] || return 0
  kill "$clamav_pid" 2>/dev/null || true
  wait "$clamav_pid" 2>/dev/null || true
  rm -rf "$clamav_dir"
  unset clamav_dir clamav_pid MEJA_TEST_CLAMD MEJA_TEST_CLAMD_TCP
}
