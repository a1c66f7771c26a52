# A throw-away real Dovecot (IMAP) for the tests. Sourced; needs root (Dovecot's master runs as root).
# dovecot_start exports MEJA_TEST_IMAP_PORT, MEJA_TEST_IMAPS_PORT and MEJA_TEST_DOVECOT_DIR; dovecot_stop ends it and
# removes its folder.
#
#   any user                     signs in with the password `rahasia`; mailboxes are made when they are first used
#   127.0.0.2, the same ports    says nothing of IDLE
#   localhost, TLS and STARTTLS  with a certificate of $MEJA_TEST_DOVECOT_DIR/ca.pem, an authority of its own
#   doveadm -c $MEJA_TEST_DOVECOT_DIR/dovecot.conf ...   puts mail in, renumbers, cuts connections
# shellcheck shell=bash
# shellcheck source=tests/services/certificates.sh
. "$(dirname "${BASH_SOURCE[0]}")/certificates.sh"

dovecot_start() {
  dovecot_dir=$(mktemp -d /tmp/meja-dovecot.XXXXXX)
  chmod 755 "$dovecot_dir"
  install -d -o nobody -g nogroup "$dovecot_dir/mail"
  make_certificates "$dovecot_dir"
  local plain tls
  plain=$(dovecot_port 14143)
  tls=$(dovecot_port $((plain + 1)))
  dovecot_settings "$plain" "$tls" >"$dovecot_dir/dovecot.conf"
  if ! dovecot -c "$dovecot_dir/dovecot.conf" >"$dovecot_dir/start.log" 2>&1 </dev/null; then
    cat "$dovecot_dir"/*.log >&2
    echo "tests/all: Dovecot did not start" >&2
    return 1
  fi
  export MEJA_TEST_IMAP_PORT=$plain MEJA_TEST_IMAPS_PORT=$tls MEJA_TEST_DOVECOT_DIR=$dovecot_dir
}

# A free port: two runs start looking at different places.
dovecot_port() { # FROM
  local port=$(($1 + RANDOM % 4000))
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}

dovecot_settings() { # PORT TLS-PORT
  cat <<CF
base_dir = $dovecot_dir/run
state_dir = $dovecot_dir/state
log_path = $dovecot_dir/dovecot.log
protocols = imap
listen = 127.0.0.1, 127.0.0.2
ssl = yes
ssl_cert = <$dovecot_dir/server.pem
ssl_key = <$dovecot_dir/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:$dovecot_dir/mail/%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
# News are told at once, and every user may connect often.
mailbox_idle_check_interval = 1 secs
mail_max_userip_connections = 100
# Who comes to 127.0.0.2 is told of no IDLE, as by many an older server.
local 127.0.0.2 {
  protocol imap {
    imap_capability = IMAP4rev1 LITERAL+ UIDPLUS MOVE
  }
}
passdb {
  driver = static
  args = password=rahasia
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$dovecot_dir/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $1
  }
  inet_listener imaps {
    port = $2
    ssl = yes
  }
}
service anvil {
  chroot =
}
CF
}

dovecot_stop() {
  [[ -n ${dovecot_dir:-} ]] || return 0
  doveadm -c "$dovecot_dir/dovecot.conf" stop >/dev/null 2>&1 || true
  rm -rf "$dovecot_dir"
  unset dovecot_dir MEJA_TEST_IMAP_PORT MEJA_TEST_IMAPS_PORT MEJA_TEST_DOVECOT_DIR
}
