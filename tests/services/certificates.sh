# An authority of one's own and a certificate of `localhost` by it: ca.pem, server.pem and server.key. Sourced.
# shellcheck shell=bash

make_certificates() { # FOLDER
  (
    cd "$1"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Otoritas uji' -keyout ca.key -out ca.pem \
      -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign'
    openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem \
      -extfile <(printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n')
    chmod 644 server.key
  ) >"$1/openssl.log" 2>&1
}
