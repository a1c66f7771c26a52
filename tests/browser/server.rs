//! `meja demo` on a folder and a port of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The server; it ends with the value.
#[derive(Debug)]
pub struct Demo {
    child: Child,
    /// Its address, without a slash at the end.
    pub base: String,
    _folder: TempDir,
}

impl Demo {
    /// Starts one of a policy pack, with a clock of its own, so that what pages say does not depend on the day.
    #[must_use]
    pub fn start(pack: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut command = Command::new(program());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MEJA_")) {
            command.env_remove(name);
        }
        command.env("MEJA_LOG", "warn").arg("demo").arg("--data").arg(folder.path());
        command.args(["--pack", pack, "--listen", "127.0.0.1:0", "--now", "2026-11-20T10:20:00+07:00", "--speed", "1"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program; is it built?");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let base = loop {
            let line = lines.next().expect("the server says its address before it ends").expect("a text");
            if let Some(at) = line.find("http://") {
                break line[at..].trim().to_owned();
            }
        };
        // The rest of the greeting must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, base, _folder: folder }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where cargo put the program: beside the folder of the tests.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("the path of the test");
    let debug = own.ancestors().nth(2).expect("the folder of the build");
    debug.join("meja")
}
