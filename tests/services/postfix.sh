# A throw-away real Postfix for the tests. Sourced; needs root (Postfix's master runs as root).
# postfix_start exports MEJA_TEST_SMTP_URL, MEJA_TEST_POSTFIX_DIR, MEJA_TEST_MAILDIR and MEJA_TEST_PIPE_COMMAND;
# postfix_stop ends Postfix and removes its folder.
#
#   ANY@warga.test, ANY@kantor.test   into $MEJA_TEST_MAILDIR/DOMAIN/LOCALPART/new/ (without +extension, lower case)
#   ANY@desk.test                     to `sh $MEJA_TEST_PIPE_COMMAND SENDER RECIPIENT` as user nobody, raw mail on stdin;
#                                     SENDER is empty for a null sender; exit 75 is retried after 2 to 4 s
#   ANY@tcp.test, ANY@unix.test       by LMTP to 127.0.0.1:$MEJA_TEST_LMTP_PORT and to the socket $MEJA_TEST_POSTFIX_DIR/lmtp/meja
#   TLS                               STARTTLS there and TLS from the first byte on $MEJA_TEST_SMTPS_PORT, as `localhost`, by ca.pem
#   any other domain                  refused with 554 at RCPT
# shellcheck shell=bash
# shellcheck source=tests/services/certificates.sh
. "$(dirname "${BASH_SOURCE[0]}")/certificates.sh"

postfix_start() {
  # Postfix binds a port that another Postfix holds without a word, so two runs start looking at different places.
  local port=$((12525 + RANDOM % 4000))
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done

  postfix_dir=$(mktemp -d /tmp/meja-postfix.XXXXXX)
  chmod 755 "$postfix_dir" # users postfix and nobody pass through it
  mkdir "$postfix_dir/etc" "$postfix_dir/queue"
  install -d -o postfix "$postfix_dir/data"
  install -d -o nobody -g nogroup "$postfix_dir/mail"
  install -d -m 755 "$postfix_dir/lmtp"
  make_certificates "$postfix_dir"
  postfix_lmtp_port=$((port + 4001))
  while (exec 3<>"/dev/tcp/127.0.0.1/$postfix_lmtp_port") 2>/dev/null; do postfix_lmtp_port=$((postfix_lmtp_port + 1)); done
  postfix_tls_port=$((port + 8002))
  while (exec 3<>"/dev/tcp/127.0.0.1/$postfix_tls_port") 2>/dev/null; do postfix_tls_port=$((postfix_tls_port + 1)); done
  printf '#!/bin/sh\nexit 75\n' >"$postfix_dir/ingest.sh"
  chmod 755 "$postfix_dir/ingest.sh"

  postfix_settings >"$postfix_dir/etc/main.cf"
  postfix_services "$port" >"$postfix_dir/etc/master.cf"
  # virtual(8) takes no $1 from a regexp table, so the path is made by a query on an empty database.
  : >"$postfix_dir/empty.db"
  cat >"$postfix_dir/etc/mailboxes" <<CF
dbpath = $postfix_dir/empty.db
query = SELECT '%d/%u/' WHERE instr('%u', '+') = 0
CF

  if ! postfix -c "$postfix_dir/etc" start >"$postfix_dir/start.log" 2>&1 </dev/null; then
    cat "$postfix_dir"/*.log >&2
    echo "tests/all: Postfix did not start" >&2
    return 1
  fi
  export MEJA_TEST_SMTP_URL="smtp://127.0.0.1:$port"
  export MEJA_TEST_POSTFIX_DIR="$postfix_dir"
  export MEJA_TEST_SMTPS_PORT="$postfix_tls_port"
  export MEJA_TEST_LMTP_PORT="$postfix_lmtp_port"
  export MEJA_TEST_MAILDIR="$postfix_dir/mail"
  export MEJA_TEST_PIPE_COMMAND="$postfix_dir/ingest.sh"
}

postfix_settings() {
  cat <<CF
compatibility_level = 3.6
queue_directory = $postfix_dir/queue
data_directory = $postfix_dir/data
maillog_file = $postfix_dir/mail.log
maillog_file_prefixes = $postfix_dir

# Loopback only, no name lookups, and nothing ever leaves this machine.
myhostname = mx.meja.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject_unauth_destination
mydestination =
alias_maps =
local_transport = error:no local mail
default_transport = error:no mail to the outside
notify_classes =

virtual_mailbox_domains = warga.test, kantor.test
virtual_mailbox_base = $postfix_dir/mail
virtual_mailbox_maps = sqlite:$postfix_dir/etc/mailboxes
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
relay_domains = desk.test, tcp.test, unix.test
transport_maps = inline:{
 {tcp.test = lmtp:inet:127.0.0.1:$postfix_lmtp_port}
 {unix.test = lmtp:unix:$postfix_dir/lmtp/meja}}
parent_domain_matches_subdomains =
relay_transport = meja
meja_destination_recipient_limit = 1
recipient_delimiter = +
smtpd_tls_security_level = may
smtpd_tls_cert_file = $postfix_dir/server.pem
smtpd_tls_key_file = $postfix_dir/server.key

# Large mails pass; whatever was deferred comes again soon.
message_size_limit = 67108864
virtual_mailbox_limit = 0
in_flow_delay = 0
smtpd_error_sleep_time = 0
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
CF
}

postfix_services() { # PORT
  cat <<CF
127.0.0.1:$1 inet n - n - - smtpd
127.0.0.1:$postfix_tls_port inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
tlsmgr     unix - - n 1000? 1 tlsmgr
cleanup    unix n - n -    0 cleanup
qmgr       unix n - n 300  1 qmgr
rewrite    unix - - n -    - trivial-rewrite
bounce     unix - - n -    0 bounce
defer      unix - - n -    0 bounce
trace      unix - - n -    0 bounce
verify     unix - - n -    1 verify
flush      unix n - n 1000? 0 flush
proxymap   unix - - n -    - proxymap
showq      unix n - n -    - showq
error      unix - - n -    - error
retry      unix - - n -    - error
virtual    unix - n n -    - virtual
anvil      unix - - n -    1 anvil
postlog    unix-dgram n - n - 1 postlogd
$(grep '^lmtp ' "$(dirname "${BASH_SOURCE[0]}")/../../deploy/postfix/master.cf")
meja       unix - n n -    - pipe
  flags=Xq user=nobody null_sender= argv=/bin/sh $postfix_dir/ingest.sh \${sender} \${recipient}
CF
}

postfix_stop() {
  [[ -n ${postfix_dir:-} ]] || return 0
  postfix -c "$postfix_dir/etc" stop >/dev/null 2>&1 || true
  rm -rf "$postfix_dir"
  unset postfix_dir MEJA_TEST_SMTP_URL MEJA_TEST_POSTFIX_DIR MEJA_TEST_MAILDIR MEJA_TEST_PIPE_COMMAND MEJA_TEST_LMTP_PORT MEJA_TEST_SMTPS_PORT
}
