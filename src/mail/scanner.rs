//! Asking a virus scanner (clamd) about bytes.

use crate::domain::message::ScanVerdict;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// Bytes handed over at once.
const CHUNK: usize = 64 * 1024;
/// The longest the scanner may take for one file.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the scanner at `address` (`unix:/path`, `/path` or `host:port`) says of `bytes`: the verdict, and the name of what
/// was found or the reason of a refusal.
///
/// # Errors
/// It does not answer, or answers nonsense: ask again later.
pub async fn ask(address: &str, bytes: &[u8]) -> io::Result<(ScanVerdict, Option<String>)> {
    let slow = || io::Error::new(io::ErrorKind::TimedOut, "the virus scanner takes too long");
    timeout(PATIENCE, async {
        let path = address.strip_prefix("unix:").or_else(|| address.starts_with('/').then_some(address));
        match path {
            Some(path) => converse(UnixStream::connect(path).await?, bytes).await,
            None => converse(TcpStream::connect(address).await?, bytes).await,
        }
    })
    .await
    .map_err(|_| slow())?
}

/// The command INSTREAM: chunks with their lengths, an empty one at the end, one answer.
async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
) -> io::Result<(ScanVerdict, Option<String>)> {
    let handed = async {
        stream.write_all(b"zINSTREAM\0").await?;
        for chunk in bytes.chunks(CHUNK) {
            stream.write_u32(u32::try_from(chunk.len()).unwrap_or(u32::MAX)).await?;
            stream.write_all(chunk).await?;
        }
        stream.write_u32(0).await
    };
    // A scanner that has enough says so and hangs up in the middle.
    let handed: io::Result<()> = handed.await;
    let mut answer = Vec::new();
    let heard = (&mut stream).take(4096).read_to_end(&mut answer).await;
    if answer.is_empty() {
        handed?;
        heard?;
    }
    let answer = String::from_utf8_lossy(&answer);
    read(answer.trim_end_matches(['\0', '\n']))
        .ok_or_else(|| io::Error::other(format!("the virus scanner said {answer:?}")))
}

fn read(answer: &str) -> Option<(ScanVerdict, Option<String>)> {
    if let Some(found) = answer.strip_suffix(" FOUND") {
        let name = found.strip_prefix("stream: ").unwrap_or(found);
        let name = name.chars().filter(|c| !c.is_control()).take(200).collect();
        return Some((ScanVerdict::Infected, Some(name)));
    }
    if answer.strip_prefix("stream: ").unwrap_or(answer) == "OK" {
        return Some((ScanVerdict::Clean, None));
    }
    // Too large for it: asking again does not help.
    answer.contains("size limit exceeded").then(|| (ScanVerdict::Unscannable, Some("size limit exceeded".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_clean_only_when_it_says_so() {
        assert_eq!(read("stream: OK"), Some((ScanVerdict::Clean, None)));
        let found = read("stream: Win.Test.EICAR_HDB-1 FOUND").expect("an answer");
        assert_eq!(found, (ScanVerdict::Infected, Some("Win.Test.EICAR_HDB-1".to_owned())));
        assert_eq!(read("INSTREAM size limit exceeded. ERROR").map(|it| it.0), Some(ScanVerdict::Unscannable));
        for nonsense in ["", "stream: ", "NOT OK", "stream: Can't allocate memory ERROR", "OK FOUNDED"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
