//! Addresses of services, and which requests they cover: host and path, however a request spells them.
//!
//! A request must never be let through because two programs read its address differently (TRUST.md L13). So every
//! reading that some program may have is looked at, and one that lies under a closed address closes.

/// Times a path is decoded: what is encoded more often reaches no program as another path.
const DECODINGS: usize = 4;

/// A public address of a service: a host, and the path below which it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    segments: Vec<String>,
}

impl Endpoint {
    /// Reads an address as the catalogue holds it: `https://host/path`, `host:port/path`, `host`.
    pub fn read(text: &str) -> Option<Self> {
        let rest = text.trim();
        let rest = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://")).unwrap_or(rest);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let host = normal_host(&rest[..end])?;
        Some(Self { host, segments: resolved(&segments(&rest[end..])) })
    }

    /// Does a request for this host and path (with or without its query) go there, in any reading of it?
    pub fn covers(&self, host: &str, path: &str) -> bool {
        normal_host(host).is_some_and(|host| host == self.host)
            && readings(path).iter().any(|reading| reading.starts_with(&self.segments))
    }
}

/// A host in lower case, without port, user and the dot at its end; `None` when there is none.
pub fn normal_host(text: &str) -> Option<String> {
    let text = text.trim().rsplit('@').next().unwrap_or_default();
    let name = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => text.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.').to_lowercase();
    (!name.is_empty()).then_some(name)
}

/// Every way in which a program may read a path: decoded once or more often, with and without walking up at `..`.
fn readings(path: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    // Some programs send the whole address in the place of the path.
    let mut text = match path.split_once("://") {
        Some((scheme, rest)) if scheme.chars().all(char::is_alphanumeric) => {
            rest.find('/').map_or_else(String::new, |at| rest[at..].to_owned())
        }
        _ => path.to_owned(),
    };
    for _ in 0..=DECODINGS {
        for cut in [text.as_str(), text.split(['?', '#']).next().unwrap_or_default()] {
            let parts = segments(cut);
            found.push(resolved(&parts));
            found.push(parts.into_iter().filter(|part| part != "..").collect());
        }
        let next = decoded(&text);
        if next == text {
            break;
        }
        text = next;
    }
    found.sort();
    found.dedup();
    found
}

/// The parts between slashes, either way round, without what follows a semicolon, in lower case.
fn segments(path: &str) -> Vec<String> {
    let parts = path.split(['/', '\\']).map(|part| part.split(';').next().unwrap_or_default());
    parts.filter(|part| !part.is_empty() && *part != ".").map(str::to_lowercase).collect()
}

fn resolved(parts: &[String]) -> Vec<String> {
    let mut walked: Vec<String> = Vec::new();
    for part in parts {
        if part == ".." {
            walked.pop();
        } else {
            walked.push(part.clone());
        }
    }
    walked
}

/// Percent signs with two digits behind them decoded once; what is no text stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(endpoint: &str, host: &str, path: &str) -> bool {
        Endpoint::read(endpoint).is_some_and(|endpoint| endpoint.covers(host, path))
    }

    #[test]
    fn a_host_is_the_same_however_it_is_spelt() {
        for host in ["izin.go.id", "IZIN.go.ID", "izin.go.id.", "izin.go.id:8443", " izin.go.id ", "x@izin.go.id"] {
            assert!(covers("https://izin.go.id", host, "/"), "{host}");
        }
        for host in ["", "go.id", "xizin.go.id", "izin.go.id.x", "izin-go.id"] {
            assert!(!covers("https://izin.go.id", host, "/"), "{host}");
        }
    }

    #[test]
    fn a_path_is_compared_by_segments() {
        for path in ["/api", "/api/", "/api/v1?x=1", "/API/v1", "/api;a=b/c", "//api", "/./api/x"] {
            assert!(covers("izin.go.id/api", "izin.go.id", path), "{path}");
        }
        for path in ["/", "/apiku", "/ap", "/x/api", "/api-lain", "", "/?q=/api"] {
            assert!(!covers("izin.go.id/api", "izin.go.id", path), "{path}");
        }
        assert!(covers("izin.go.id", "izin.go.id", "") && covers("izin.go.id/", "izin.go.id", "/apa/saja"));
    }

    #[test]
    fn no_spelling_opens_what_is_closed() {
        let spellings = [
            "/%61pi",
            "/%2561pi",
            "/x/../api",
            "/x/%2e%2e/api",
            "/x/..%2fapi",
            "/api/../api/y",
            "/%2Fapi",
            "\\api",
            "/x/%252e%252e/api",
            "https://izin.go.id/api/y",
            "/api%3Fx=1",
            "/api%00",
            "/..//api",
        ];
        for path in spellings {
            // A name that goes on is another name; a zero byte ends it for programs in C only.
            assert!(covers("izin.go.id/api", "izin.go.id", path) || path == "/api%00", "{path}");
        }
    }
}
