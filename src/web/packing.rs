//! Answers made smaller for the way. Pages are packed as they leave, quickly; what never changes is packed once,
//! as small as it gets.

use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::{HeaderValue, header};
use poem::{Body, Response};
use std::io::Write;

/// Answers below this many bytes fit into one packet anyway.
const WORTH_IT: usize = 1000;
/// Brotli for a page: nearly as small as the slowest, for about a millisecond.
const QUICK: i32 = 5;
/// Brotli for what is packed once.
const SLOW: i32 = 11;

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// What browsers understand over TLS.
    Brotli,
    /// What all of them understand.
    Gzip,
}

impl Coding {
    const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// The best that an `Accept-Encoding` allows.
pub fn wanted(accepted: &str) -> Option<Coding> {
    let allows = |coding: Coding| {
        accepted.split(',').any(|entry| {
            let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
            let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
            name.trim().eq_ignore_ascii_case(coding.name()) && !refused
        })
    };
    [Coding::Brotli, Coding::Gzip].into_iter().find(|coding| allows(*coding))
}

/// Bytes that are sent many times.
pub fn smallest(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    pack(coding, bytes, SLOW, Compression::best())
}

/// Packs the text of an answer, if the browser understands it.
pub async fn packed(mut response: Response, accepted: &str) -> Response {
    let is_text =
        response.content_type().is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("text/plain"));
    if !is_text {
        return response;
    }
    let Ok(bytes) = response.take_body().into_vec().await else { return response };
    let coding = wanted(accepted).filter(|_| bytes.len() > WORTH_IT);
    say(&mut response, coding);
    let body = coding.map_or(Body::empty(), |coding| Body::from(pack(coding, &bytes, QUICK, Compression::default())));
    response.set_body(if coding.is_some() { body } else { Body::from(bytes) });
    response
}

/// Says in the header how the body is packed, and that others may get it in another way.
pub fn say(response: &mut Response, coding: Option<Coding>) {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
}

fn pack(coding: Coding, bytes: &[u8], quality: i32, level: Compression) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes.len() / 3);
    // Writing into memory cannot fail.
    let _ = match coding {
        Coding::Brotli => {
            let params = brotli::enc::BrotliEncoderParams { quality, lgwin: 18, ..Default::default() };
            brotli::BrotliCompress(&mut &*bytes, &mut packed, &params).map(|_| ())
        }
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(&mut packed, level);
            encoder.write_all(bytes).and_then(|()| encoder.finish().map(|_| ()))
        }
    };
    packed
}
