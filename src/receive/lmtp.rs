//! Mail by LMTP (RFC 2033), as a mail server on this machine or nearby hands it over.
//!
//! One answer per recipient; 2xx only after the bytes are durable, 4xx when it may go better later, 5xx when it never
//! will. Whoever connects is not trusted: lines, messages, connections and patience are bounded.

use crate::config::mail::Listen;
use crate::desk::Desk;
use crate::error::{Error, Result};
use crate::receive::lmtp_session::{Session, Stream, hurried};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub use crate::receive::lmtp_session::Limits;

/// Where LMTP is listened for; a socket in the file system goes with it.
#[derive(Debug)]
pub struct Door {
    listener: Listener,
    path: Option<PathBuf>,
}

#[derive(Debug)]
enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Door {
    /// Opens the door. A socket that a program left behind is replaced; one that somebody answers at is not.
    ///
    /// # Errors
    /// The address is taken, or may not be used.
    pub async fn open(listen: &Listen) -> Result<Self> {
        let failed = |what: String, error: io::Error| Error::internal(format!("lmtp_listen: {what}: {error}"));
        match listen {
            Listen::Tcp(address) => {
                let listener = TcpListener::bind(address).await.map_err(|error| failed(address.to_string(), error))?;
                Ok(Self { listener: Listener::Tcp(listener), path: None })
            }
            Listen::Unix(path) => {
                let shown = path.display().to_string();
                clear(path).await.map_err(|error| failed(shown.clone(), error))?;
                let listener = UnixListener::bind(path).map_err(|error| failed(shown.clone(), error))?;
                // The mail server runs as somebody else; who may come this far, its folder says.
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))
                    .map_err(|error| failed(shown, error))?;
                Ok(Self { listener: Listener::Unix(listener), path: Some(path.clone()) })
            }
        }
    }

    /// The port that was chosen, when the address asked for any.
    pub fn port(&self) -> Option<u16> {
        match &self.listener {
            Listener::Tcp(listener) => listener.local_addr().ok().map(|address| address.port()),
            Listener::Unix(_) => None,
        }
    }

    /// Takes mail until `stop` says so; then those who are at it may end what they began, for a while.
    pub async fn serve(self, desk: Desk, limits: Limits, mut stop: watch::Receiver<bool>) {
        let room = Arc::new(Semaphore::new(limits.connections));
        let held = Arc::new(AtomicUsize::new(0));
        let mut sessions = JoinSet::new();
        while !*stop.borrow() {
            let stream = tokio::select! {
                stream = self.accept() => stream,
                _ = stop.changed() => break,
                Some(_) = sessions.join_next() => continue,
            };
            let mut stream = match stream {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!(%error, "LMTP: a connection could not be accepted");
                    // Out of file descriptors for instance: that passes, and must not turn the loop hot.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                sessions.spawn(async move {
                    hurried(&mut stream, b"421 4.3.2 Too many connections, try again later\r\n").await;
                });
                continue;
            };
            let session = Session::new(desk.clone(), limits, Arc::clone(&held), stop.clone());
            sessions.spawn(async move {
                session.run(stream).await;
                drop(place);
            });
        }
        let ended =
            tokio::time::timeout(Duration::from_secs(15), async { while sessions.join_next().await.is_some() {} });
        if ended.await.is_err() {
            tracing::warn!("LMTP: some connections were cut; their mail servers will try again");
        }
    }

    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match &self.listener {
            Listener::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
            Listener::Tcp(listener) => {
                let stream = listener.accept().await?.0;
                // Answers are short and awaited.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Removes a socket nobody answers at.
async fn clear(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let Ok(found) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"));
    }
    if UnixStream::connect(path).await.is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another program answers there"));
    }
    std::fs::remove_file(path)
}
