//! One conversation in LMTP.

use crate::desk::Desk;
use smtp_proto::request::receiver::{DataReceiver, DummyDataReceiver, DummyLineReceiver, RequestReceiver};
use smtp_proto::{Error as Fault, Request};
use std::slice::Iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// How much patience and room there is.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// A client that says nothing for so long is sent away.
    pub idle: Duration,
    /// A line that was begun must end within this, and an answer be taken.
    pub line: Duration,
    /// Bytes of a message per second, after a first [`Limits::line`]: slower is too slow.
    pub slowest: u64,
    /// Recipients of one message.
    pub recipients: usize,
    /// Commands that nobody understands before the connection is closed.
    pub faults: u32,
    /// Largest message, in bytes.
    pub largest: usize,
    /// Bytes of messages that are being received, all connections together.
    pub together: usize,
}

impl Limits {
    /// The usual ones for messages of up to `largest` bytes.
    pub const fn usual(largest: usize) -> Self {
        Self {
            connections: 100,
            idle: Duration::from_secs(300),
            line: Duration::from_secs(60),
            slowest: 10_000,
            recipients: 100,
            faults: 20,
            largest,
            together: largest * 3,
        }
    }
}

/// Both kinds of connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Says one thing to somebody who is not served.
pub(super) async fn hurried(stream: &mut Box<dyn Stream>, words: &[u8]) {
    let _ = timeout(Duration::from_secs(2), stream.write_all(words)).await;
}

/// A conversation and what was said in it so far.
pub(super) struct Session {
    desk: Desk,
    limits: Limits,
    /// Bytes that all conversations hold.
    held: Arc<AtomicUsize>,
    stop: watch::Receiver<bool>,
    greeted: bool,
    /// `None` before `MAIL`; `<>` is the null sender.
    sender: Option<String>,
    recipients: Vec<String>,
    faults: u32,
    answers: Vec<u8>,
}

/// What the next bytes are.
enum Listening {
    /// A command.
    Commands(RequestReceiver),
    /// The rest of a line that is too long.
    Rest(DummyLineReceiver),
    /// A message.
    Message { data: DataReceiver, bytes: Vec<u8>, counted: usize, since: Instant },
    /// A message that is refused with these words when it ends.
    Refused { data: DummyDataReceiver, words: &'static str, since: Instant, seen: u64 },
}

/// Goes on, or hangs up after the answers.
#[derive(PartialEq, Eq)]
enum Then {
    Go,
    End,
}

impl Session {
    pub(super) fn new(desk: Desk, limits: Limits, held: Arc<AtomicUsize>, stop: watch::Receiver<bool>) -> Self {
        Self {
            desk,
            limits,
            held,
            stop,
            greeted: false,
            sender: None,
            recipients: Vec::new(),
            faults: 0,
            answers: Vec::new(),
        }
    }

    /// Talks until one side has enough.
    pub(super) async fn run(mut self, mut stream: Box<dyn Stream>) {
        self.answer("220 meja LMTP ready");
        let mut listening = Listening::Commands(RequestReceiver::default());
        let mut chunk = vec![0; CHUNK];
        // A line that was begun must end; dripping it does not help.
        let mut begun: Option<Instant> = None;
        loop {
            if !self.flush(&mut stream).await {
                break;
            }
            let patience = self.patience(&listening, begun);
            let read = tokio::select! {
                read = timeout(patience, stream.read(&mut chunk)) => Some(read),
                // Between two messages nothing is lost by hanging up.
                () = stopped(&mut self.stop), if self.sender.is_none() => None,
            };
            let count = match read {
                None => {
                    hurried(&mut stream, b"421 4.3.2 Shutting down, try again later\r\n").await;
                    break;
                }
                Some(Ok(Ok(0) | Err(_))) => break,
                Some(Ok(Ok(count))) => count,
                Some(Err(_)) => {
                    hurried(&mut stream, b"421 4.4.2 Too slow\r\n").await;
                    break;
                }
            };
            let mut bytes = chunk[..count].iter();
            let mut then = Then::Go;
            while then == Then::Go && !bytes.as_slice().is_empty() {
                (listening, then) = self.hear(listening, &mut bytes, &mut stream).await;
            }
            if then == Then::End {
                self.flush(&mut stream).await;
                break;
            }
            let in_a_line =
                chunk[count - 1] != b'\n' && matches!(listening, Listening::Commands(_) | Listening::Rest(_));
            begun = if in_a_line { begun.or(Some(Instant::now())) } else { None };
        }
        let _ = timeout(Duration::from_secs(2), stream.shutdown()).await;
        if let Listening::Message { counted, .. } = listening {
            self.held.fetch_sub(counted, Ordering::Relaxed);
        }
    }

    /// How long the next bytes may take.
    fn patience(&self, listening: &Listening, begun: Option<Instant>) -> Duration {
        let message = |since: Instant, seen: u64| {
            (since + self.limits.line + Duration::from_secs(seen / self.limits.slowest))
                .saturating_duration_since(Instant::now())
                .min(self.limits.line)
        };
        match (listening, begun) {
            (Listening::Message { bytes, since, .. }, _) => message(*since, bytes.len() as u64),
            (Listening::Refused { since, seen, .. }, _) => message(*since, *seen),
            (_, Some(begun)) => (begun + self.limits.line).saturating_duration_since(Instant::now()),
            (_, None) => self.limits.idle,
        }
    }

    async fn hear(
        &mut self,
        listening: Listening,
        bytes: &mut Iter<'_, u8>,
        stream: &mut Box<dyn Stream>,
    ) -> (Listening, Then) {
        match listening {
            Listening::Commands(mut receiver) => {
                let heard = receiver.ingest(bytes).map(Request::into_owned);
                match heard {
                    Err(Fault::NeedsMoreData { .. }) => (Listening::Commands(receiver), Then::Go),
                    Err(Fault::ResponseTooLong) => {
                        (Listening::Rest(DummyLineReceiver::default()), self.fault("500 5.5.6 Line too long"))
                    }
                    Err(fault) => (Listening::Commands(receiver), self.fault(words_of(&fault))),
                    Ok(Request::Data) => self.data(receiver, stream).await,
                    Ok(request) => {
                        let then = self.obey(request).await;
                        (Listening::Commands(receiver), then)
                    }
                }
            }
            Listening::Rest(mut rest) => match rest.ingest(bytes) {
                true => (Listening::Commands(RequestReceiver::default()), Then::Go),
                false => (Listening::Rest(rest), Then::Go),
            },
            Listening::Message { data, bytes: message, counted, since } => {
                self.message(data, message, counted, since, bytes).await
            }
            Listening::Refused { mut data, words, since, seen } => {
                let seen = seen + bytes.as_slice().len() as u64;
                if !data.ingest(bytes) {
                    return (Listening::Refused { data, words, since, seen }, Then::Go);
                }
                self.answer_all(words);
                (Listening::Commands(RequestReceiver::default()), Then::Go)
            }
        }
    }

    async fn obey(&mut self, request: Request<String>) -> Then {
        match request {
            Request::Lhlo { .. } => {
                self.forget();
                self.greeted = true;
                let size = self.limits.largest;
                self.answer(&format!(
                    "250-meja\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE {size}"
                ));
            }
            Request::Ehlo { .. } | Request::Helo { .. } => return self.fault("500 5.5.1 This is LMTP: say LHLO"),
            Request::Mail { .. } if !self.greeted => return self.fault("503 5.5.1 Say LHLO first"),
            Request::Mail { .. } if self.sender.is_some() => return self.fault("503 5.5.1 There is a sender already"),
            Request::Mail { from } if from.size > self.limits.largest => self.answer("552 5.3.4 Message too large"),
            Request::Mail { from } => {
                self.sender = Some(if from.address.is_empty() { "<>".to_owned() } else { from.address });
                self.answer("250 2.1.0 Ok");
            }
            Request::Rcpt { .. } if self.sender.is_none() => return self.fault("503 5.5.1 Say MAIL first"),
            Request::Rcpt { .. } if self.recipients.len() >= self.limits.recipients => {
                self.answer("452 4.5.3 Too many recipients");
            }
            Request::Rcpt { to } => match self.desk.takes_mail_for(&to.address).await {
                Ok(true) => {
                    self.recipients.push(to.address.to_lowercase());
                    self.answer("250 2.1.5 Ok");
                }
                Ok(false) => return self.fault("550 5.1.1 No such mailbox here"),
                Err(error) => {
                    tracing::error!(%error, "LMTP: a recipient could not be looked up");
                    self.answer("451 4.3.0 Try again later");
                }
            },
            Request::Rset => {
                self.forget();
                self.answer("250 2.0.0 Ok");
            }
            Request::Noop { .. } => self.answer("250 2.0.0 Ok"),
            Request::Vrfy { .. } => self.answer("252 2.1.5 Send some mail and see"),
            Request::Quit => {
                self.answer("221 2.0.0 Bye");
                return Then::End;
            }
            _ => return self.fault("502 5.5.1 Not spoken here"),
        }
        Then::Go
    }

    async fn data(&mut self, receiver: RequestReceiver, stream: &mut Box<dyn Stream>) -> (Listening, Then) {
        if self.recipients.is_empty() {
            return (Listening::Commands(receiver), self.fault("503 5.5.1 No valid recipients"));
        }
        self.answer("354 Go on, end with a dot");
        // Whoever waits for this says nothing before.
        if !self.flush(stream).await {
            return (Listening::Commands(receiver), Then::End);
        }
        // The end of the line before the message belongs to its first dot, too.
        let (mut data, mut bytes) = (DataReceiver::new(), Vec::new());
        data.ingest(&mut b"\r\n".iter(), &mut bytes);
        (Listening::Message { data, bytes, counted: 0, since: Instant::now() }, Then::Go)
    }

    async fn message(
        &mut self,
        mut data: DataReceiver,
        mut message: Vec<u8>,
        counted: usize,
        since: Instant,
        bytes: &mut Iter<'_, u8>,
    ) -> (Listening, Then) {
        let ended = data.ingest(bytes, &mut message);
        let grown = message.len().saturating_sub(counted);
        let together = self.held.fetch_add(grown, Ordering::Relaxed) + grown;
        let counted = counted + grown;
        let words = if message.len() > self.limits.largest + 2 {
            Some("552 5.3.4 Message too large")
        } else if together > self.limits.together && message.len() > CHUNK {
            Some("452 4.3.1 Too much mail at once, try again later")
        } else {
            None
        };
        if !ended && words.is_none() {
            return (Listening::Message { data, bytes: message, counted, since }, Then::Go);
        }
        if let Some(words) = words {
            self.held.fetch_sub(counted, Ordering::Relaxed);
            if !ended {
                let seen = message.len() as u64;
                return (Listening::Refused { data: DummyDataReceiver::new_data(&data), words, since, seen }, Then::Go);
            }
            self.answer_all(words);
        } else {
            self.keep(&message[2..]).await;
            self.held.fetch_sub(counted, Ordering::Relaxed);
        }
        (Listening::Commands(RequestReceiver::default()), Then::Go)
    }

    /// Makes a message durable and says so, or says why not.
    async fn keep(&mut self, raw: &[u8]) {
        if raw.iter().all(u8::is_ascii_whitespace) {
            return self.answer_all("554 5.6.0 There is no message");
        }
        let sender = self.sender.clone().unwrap_or_default();
        match self.desk.receive_for(raw, &self.recipients, &sender).await {
            Ok(new) => {
                tracing::info!(bytes = raw.len(), recipients = self.recipients.len(), new, "LMTP: a mail was taken in");
                self.answer_all("250 2.0.0 Taken in");
            }
            Err(error) => {
                tracing::error!(%error, "LMTP: a mail could not be taken in");
                self.answer_all("451 4.3.0 Could not be stored, try again later");
            }
        }
    }

    /// One answer for each recipient that was accepted, in their order; the message is over.
    fn answer_all(&mut self, words: &str) {
        for _ in 0..self.recipients.len() {
            self.answer(words);
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }

    fn fault(&mut self, words: &str) -> Then {
        self.faults += 1;
        if self.faults > self.limits.faults {
            self.answer("421 4.7.0 Too many errors");
            return Then::End;
        }
        self.answer(words);
        Then::Go
    }

    fn answer(&mut self, words: &str) {
        self.answers.extend_from_slice(words.as_bytes());
        self.answers.extend_from_slice(b"\r\n");
    }

    /// Sends what was answered; `false` when nobody takes it.
    async fn flush(&mut self, stream: &mut Box<dyn Stream>) -> bool {
        if self.answers.is_empty() {
            return true;
        }
        let answers = std::mem::take(&mut self.answers);
        matches!(timeout(self.limits.line, stream.write_all(&answers)).await, Ok(Ok(())))
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn words_of(fault: &Fault) -> &'static str {
    match fault {
        Fault::InvalidSenderAddress => "501 5.1.7 That is no address of a sender",
        Fault::InvalidRecipientAddress => "501 5.1.3 That is no address of a recipient",
        Fault::SyntaxError { .. } => "501 5.5.2 That is no command as it should be",
        Fault::InvalidParameter { .. } => "501 5.5.4 A parameter is wrong",
        Fault::UnsupportedParameter { .. } => "504 5.5.4 A parameter is not supported",
        _ => "500 5.5.2 Not understood",
    }
}
