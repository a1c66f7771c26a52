# A throw-away PostgreSQL for the tests. Sourced; needs root (the server itself runs as user postgres).
# postgres_start exports MEJA_TEST_POSTGRES_URL; postgres_stop ends the server and removes its folder.
# shellcheck shell=bash

postgres_start() {
  local bin
  bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  # Directly under /tmp: the path of a socket has at most 107 bytes, and user postgres must be able to reach it.
  postgres_dir=$(mktemp -d /tmp/meja-postgres.XXXXXX)
  chown postgres: "$postgres_dir"
  chmod 755 "$postgres_dir"
  postgres_pg_ctl="$bin/pg_ctl"

  # Only the socket, open to every local account; durability is not what these tests are about.
  if ! (
    cd "$postgres_dir" &&
    runuser -u postgres -- "$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync &&
    runuser -u postgres -- "$postgres_pg_ctl" -D data -l "$postgres_dir/server.log" -w -t 60 \
      -o "-k $postgres_dir -c listen_addresses='' -c max_connections=200 -c fsync=off -c full_page_writes=off" start
  ) >"$postgres_dir/start.log" 2>&1 </dev/null; then
    cat "$postgres_dir"/*.log >&2
    echo "tests/all: PostgreSQL did not start" >&2
    return 1
  fi
  export MEJA_TEST_POSTGRES_URL="postgres://postgres@localhost/postgres?host=$postgres_dir"
}

postgres_stop() {
  [[ -n ${postgres_dir:-} ]] || return 0
  (cd "$postgres_dir" && runuser -u postgres -- "$postgres_pg_ctl" -D data -m immediate stop) >/dev/null 2>&1 || true
  rm -rf "$postgres_dir"
  unset postgres_dir MEJA_TEST_POSTGRES_URL
}
