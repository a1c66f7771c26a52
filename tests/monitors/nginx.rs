//! A throw-away nginx of Debian on this machine, with certificates of its own authority.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = "/usr/sbin/nginx";

/// A web server that can go down and come back on the same ports.
pub struct Nginx {
    folder: tempfile::TempDir,
    child: Option<Child>,
    pub port: u16,
    /// Ports of the servers with a good certificate, one that ends soon, an expired one, one for another name, and one of
    /// an unknown authority.
    pub tls: [u16; 5],
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[expect(clippy::disallowed_methods, reason = "the suite's own settings; the program's enter through Config")]
fn is_required() -> bool {
    std::env::var("MEJA_TEST_REQUIRE").is_ok()
}

impl Nginx {
    /// Starts it; `None` where nginx is not installed.
    pub fn start() -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            assert!(!is_required(), "tests/all must install nginx");
            crate::support::skipped("nginx is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (port, tls) = (free_port(), std::array::from_fn(|_| free_port()));
        let mut it = Self { folder, child: None, port, tls };
        it.certificates();
        fs::create_dir(it.path("www")).unwrap();
        fs::write(it.path("www/index.html"), "<h1>SIMPUS siap</h1>").unwrap();
        fs::write(it.path("www/pelan"), "lambat ".repeat(20_000)).unwrap();
        fs::write(it.path("nginx.conf"), it.settings()).unwrap();
        it.up();
        Some(it)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file with the certificate of its authority.
    pub fn authority(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Comes up and listens.
    pub fn up(&mut self) {
        let mut command = Command::new(PROGRAM);
        command.arg("-p").arg(self.folder.path()).arg("-c").arg(self.path("nginx.conf"));
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let began = Instant::now();
        for port in self.tls.into_iter().chain([self.port]) {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                assert!(began.elapsed() < Duration::from_secs(20), "nginx does not listen on {port}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Goes down at once.
    pub fn down(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // Its master ends its workers; killed, it would leave them.
        Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
        child.wait().unwrap();
    }

    /// Requests for a path so far.
    pub fn hits(&self, path: &str) -> usize {
        let log = fs::read_to_string(self.path("access.log")).unwrap_or_default();
        log.lines().filter(|line| line.contains(&format!("GET {path} "))).count()
    }

    fn settings(&self) -> String {
        let (folder, port) = (self.folder.path().display(), self.port);
        let names = ["good", "soon", "expired", "other", "stranger"];
        let secure: String = (self.tls.iter().zip(names))
            .map(|(port, name)| {
                format!(
                    "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/{name}.pem; \
                     ssl_certificate_key {folder}/{name}.key; root {folder}/www; }}\n"
                )
            })
            .collect();
        format!(
            "daemon off;\nuser root;\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\n\
             events {{ worker_connections 64; }}\n\
             http {{\naccess_log {folder}/access.log;\n\
             client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;\n\
             uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;\n\
             server {{ listen 127.0.0.1:{port}; root {folder}/www;\n\
             location /pelan {{ limit_rate 50; }}\nlocation /rusak {{ return 503; }}\n\
             location /pindah {{ return 302 http://127.0.0.1:{port}/kenari; }}\n}}\n{secure}}}\n"
        )
    }

    /// An authority with four certificates, and one of an authority nobody knows.
    fn certificates(&self) {
        let authority = |name: &str| {
            let (key, out) = (format!("{name}.key"), format!("{name}.pem"));
            let subject = format!("/CN={name}");
            self.openssl(&[
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", &subject, "-keyout", &key,
                "-out", &out,
            ]);
        };
        authority("ca");
        authority("unknown");
        fs::write(
            self.path("ca.cnf"),
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n\
             unique_subject=no\ncopy_extensions=copy\n[p]\ncommonName=supplied\n",
        )
        .unwrap();
        fs::write(self.path("index"), "").unwrap();
        fs::write(self.path("serial"), "1000\n").unwrap();
        let past = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
        for (name, alt, term, ca) in [
            ("good", "IP:127.0.0.1", &["-days", "90"][..], "ca"),
            ("soon", "IP:127.0.0.1", &["-days", "5"], "ca"),
            ("expired", "IP:127.0.0.1", &past, "ca"),
            ("other", "DNS:lain.test", &["-days", "90"], "ca"),
            ("stranger", "IP:127.0.0.1", &["-days", "90"], "unknown"),
        ] {
            let (key, csr, out) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
            let (alt, subject) = (format!("subjectAltName={alt}"), format!("/CN={name}"));
            self.openssl(&[
                "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", &subject, "-addext", &alt, "-keyout", &key,
                "-out", &csr,
            ]);
            let (cert, signer) = (format!("{ca}.pem"), format!("{ca}.key"));
            let mut sign = vec![
                "ca", "-batch", "-notext", "-config", "ca.cnf", "-in", &csr, "-out", &out, "-cert", &cert, "-keyfile",
                &signer,
            ];
            sign.extend_from_slice(term);
            self.openssl(&sign);
        }
    }

    fn openssl(&self, arguments: &[&str]) {
        let done = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output().unwrap();
        assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.down();
    }
}
