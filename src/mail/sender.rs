//! Who sent a mail: what SPF, DKIM and DMARC say of it, by the word of our own mail server or by asking the DNS ourselves.
//!
//! Without either nothing is checked and nothing is claimed. A result never opens a door by itself: it only takes away
//! what the words of `From` alone would be believed.

use crate::error::{Error, Result};
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::dmarc::Policy;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{
    AuthenticatedMessage, DkimResult, DmarcResult, DnsError, MessageAuthenticator, Parameters, ResolverCache,
    SpfResult, Txt,
};
use mail_parser::{Message, MessageParser};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Longest time the DNS may take for one mail.
const LONGEST: Duration = Duration::from_secs(5);
/// Most signatures of one mail that are checked.
const MOST_SIGNATURES: usize = 10;

/// What was found out about who sent a mail. Words of RFC 8601; empty where nothing was checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Was the sending server allowed to use the envelope's domain?
    pub spf: &'static str,
    /// Is a signature of some domain genuine?
    pub dkim: &'static str,
    /// Does one of both belong to the domain in `From`, as that domain asks?
    pub dmarc: &'static str,
    /// That domain asks to refuse what does not belong to it.
    pub refuses: bool,
    /// Without a word of its own from the domain in `From`, one of both belongs to it all the same.
    pub aligned: bool,
}

/// How far `From` can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// Nothing was checked.
    Unchecked,
    /// The domain stands behind it.
    Proven,
    /// Nobody stands behind it.
    Unproven,
    /// The domain says that it is not from there.
    Forged,
}

impl Belief {
    /// The word for templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Proven => "proven",
            Self::Unproven => "unproven",
            Self::Forged => "forged",
        }
    }
}

impl Origin {
    /// How far `From` can be believed.
    pub fn belief(&self) -> Belief {
        match self.dmarc {
            "pass" => Belief::Proven,
            "fail" if self.refuses => Belief::Forged,
            _ if self.aligned => Belief::Proven,
            "" if self.spf.is_empty() && self.dkim.is_empty() => Belief::Unchecked,
            _ => Belief::Unproven,
        }
    }
}

/// Looks who sent mails.
pub struct SenderCheck {
    /// Name of the mail server before us: what it writes into a head is believed.
    host: String,
    /// The way to the DNS.
    dns: Option<MessageAuthenticator>,
    /// Records that stand fixed, so that nobody is asked.
    records: Records,
}

impl std::fmt::Debug for SenderCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SenderCheck")
            .field("host", &self.host)
            .field("dns", &self.dns.is_some())
            .finish_non_exhaustive()
    }
}

impl SenderCheck {
    /// Believes the server named `host` and asks the DNS of the system when `dns` is `system`; both may be empty.
    ///
    /// # Errors
    /// The system has no DNS to ask.
    pub fn new(host: &str, dns: &str) -> Result<Self> {
        let ask =
            || MessageAuthenticator::new_system_conf().map_err(|error| Error::internal(format!("mail_dns: {error}")));
        Ok(Self {
            host: host.trim().to_ascii_lowercase(),
            dns: (dns == "system").then(ask).transpose()?,
            records: Records::default(),
        })
    }

    /// Believes the server named `host` and knows these TXT records, by their names; nobody is asked.
    ///
    /// # Errors
    /// Never in practice.
    pub fn fixed(host: &str, records: &[(&str, &str)]) -> Result<Self> {
        let dns = MessageAuthenticator::new_google().map_err(|error| Error::internal(error.to_string()))?;
        let known = records.iter().map(|(name, text)| (format!("{name}.").into_boxed_str(), parsed(text)));
        Ok(Self { host: host.to_ascii_lowercase(), dns: Some(dns), records: Records(Some(known.collect())) })
    }

    /// Is anything checked at all?
    pub const fn is_on(&self) -> bool {
        self.dns.is_some() || !self.host.is_empty()
    }

    /// Looks who sent a mail; what cannot be found out in time stays open.
    pub async fn check(self: Arc<Self>, raw: Vec<u8>, envelope: String) -> Origin {
        if !self.is_on() {
            return Origin::default();
        }
        // A task of its own: whatever a stranger sends may at worst end that.
        let look = tokio::spawn(async move { self.look(&raw, &envelope).await });
        let open = Origin { spf: "temperror", dkim: "temperror", dmarc: "temperror", refuses: false, aligned: false };
        tokio::time::timeout(LONGEST, look).await.ok().and_then(std::result::Result::ok).unwrap_or(open)
    }

    async fn look(&self, raw: &[u8], envelope: &str) -> Origin {
        let Some(message) = MessageParser::default().parse_headers(raw) else { return Origin::default() };
        if let Some(told) = self.told(&message) {
            return told;
        }
        match &self.dns {
            Some(dns) => self.asked(dns, &message, raw, envelope.trim_matches(['<', '>'])).await,
            None => Origin { spf: "none", dkim: "none", dmarc: "none", refuses: false, aligned: false },
        }
    }

    /// What the server before us has written into the head: its topmost word.
    fn told(&self, message: &Message<'_>) -> Option<Origin> {
        if self.host.is_empty() {
            return None;
        }
        let author = message.from().and_then(|list| list.first()).and_then(|one| one.address()).unwrap_or_default();
        let domain = author.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
        let own = message.headers_raw().filter(|(name, _)| name.eq_ignore_ascii_case("authentication-results"));
        own.map(|(_, value)| value.to_ascii_lowercase()).find_map(|value| {
            // Filters name the domain's wish in a comment.
            let refuses = !value.contains("p=none");
            let value = without_comments(&value);
            let (host, results) = value.split_once(';')?;
            (host.split_whitespace().next() == Some(self.host.as_str()))
                .then(|| Origin { refuses, ..results_of(results, &domain) })
        })
    }

    async fn asked(&self, dns: &MessageAuthenticator, message: &Message<'_>, raw: &[u8], envelope: &str) -> Origin {
        let signatures = message.headers_raw().filter(|(name, _)| name.eq_ignore_ascii_case("dkim-signature")).count();
        let Some(authenticated) = AuthenticatedMessage::parse(raw) else { return Origin::default() };
        let dkim = if signatures <= MOST_SIGNATURES {
            dns.verify_dkim(Parameters::new(&authenticated).with_txt_cache(&self.records)).await
        } else {
            Vec::new()
        };
        let (helo, sent_from) = self.peer(message);
        let spf = match sent_from {
            Some(ip) => {
                let asked = SpfParameters::verify_mail_from(ip, &helo, "localhost", envelope);
                Some(dns.verify_spf(Parameters::new(asked).with_txt_cache(&self.records)).await)
            }
            None => None,
        };
        let domain = authenticated.from().rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
        let envelope_domain = envelope.rsplit_once('@').map_or(helo.as_str(), |(_, domain)| domain).to_lowercase();
        let none = mail_auth::SpfOutput::default();
        let asked = DmarcParameters::new(&authenticated, &dkim, &envelope_domain, spf.as_ref().unwrap_or(&none));
        let dmarc = dns.verify_dmarc(Parameters::new(asked).with_txt_cache(&self.records)).await;
        let genuine = dkim.iter().filter(|found| *found.result() == DkimResult::Pass);
        let signed_by_domain = genuine.filter_map(|found| found.signature()).any(|found| is_same(&domain, &found.d));
        let spf_word = spf.as_ref().map_or("none", |found| spf_word(found.result()));
        Origin {
            spf: spf_word,
            dkim: dkim_word(dkim.iter().map(|found| found.result())),
            dmarc: dmarc_word(&dmarc.result()),
            // Who handed it over is not known to everybody: then its silence proves nothing.
            refuses: sent_from.is_some() && matches!(dmarc.policy(), Policy::Quarantine | Policy::Reject),
            aligned: signed_by_domain || (spf_word == "pass" && is_same(&domain, &envelope_domain)),
        }
    }

    /// Who handed the mail to our server, by that server's own line.
    fn peer(&self, message: &Message<'_>) -> (String, Option<IpAddr>) {
        let by_us = |host: &mail_parser::Host<'_>| host.to_string().eq_ignore_ascii_case(&self.host);
        let line = message.received_all().find(|line| !self.host.is_empty() && line.by.as_ref().is_some_and(by_us));
        let helo = line.and_then(|line| line.from.as_ref()).map(ToString::to_string).unwrap_or_default();
        (helo, line.and_then(|line| line.from_ip))
    }
}

/// One domain is the other or lies below it.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_end_matches('.').to_lowercase(), other.trim_end_matches('.').to_lowercase());
    let below = |low: &str, high: &str| {
        low.strip_suffix(high).is_some_and(|rest| rest.ends_with('.')) && high.matches('.').count() >= 1
    };
    !one.is_empty() && (one == other || below(&one, &other) || below(&other, &one))
}

fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::new();
    for sign in text.chars() {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(sign),
            _ => {}
        }
    }
    kept
}

fn results_of(results: &str, domain: &str) -> Origin {
    let mut origin = Origin { spf: "none", dkim: "none", dmarc: "none", refuses: false, aligned: false };
    for result in results.split(';') {
        let mut words = result.split_whitespace();
        let Some((method, value)) = words.next().and_then(|first| first.split_once('=')) else { continue };
        let value = word(value);
        let method = method.split('/').next().unwrap_or_default();
        match method {
            "spf" => origin.spf = value,
            // One genuine signature is enough.
            "dkim" if origin.dkim != "pass" => origin.dkim = value,
            "dmarc" => origin.dmarc = value,
            _ => {}
        }
        let names = ["header.d=", "header.i=", "smtp.mailfrom=", "smtp.from="];
        let of = words.filter_map(|word| names.iter().find_map(|name| word.strip_prefix(name)));
        let mut of = of.map(|name| name.rsplit('@').next().unwrap_or_default().trim_matches('"'));
        origin.aligned |= value == "pass" && matches!(method, "spf" | "dkim") && of.any(|of| is_same(domain, of));
    }
    origin
}

fn word(value: &str) -> &'static str {
    const KNOWN: &[&str] = &["pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"];
    KNOWN.iter().find(|known| **known == value).copied().unwrap_or(if value == "bestguesspass" {
        "none"
    } else {
        "neutral"
    })
}

const fn spf_word(result: SpfResult) -> &'static str {
    match result {
        SpfResult::Pass => "pass",
        SpfResult::Fail => "fail",
        SpfResult::SoftFail => "softfail",
        SpfResult::Neutral => "neutral",
        SpfResult::TempError => "temperror",
        SpfResult::PermError => "permerror",
        SpfResult::None => "none",
    }
}

fn dkim_word<'a>(results: impl Iterator<Item = &'a DkimResult>) -> &'static str {
    let mut said = "none";
    for result in results {
        said = match result {
            DkimResult::Pass => return "pass",
            DkimResult::Fail(_) | DkimResult::Neutral(_) => "fail",
            DkimResult::PermError(_) => "permerror",
            DkimResult::TempError(_) => "temperror",
            DkimResult::None => said,
        };
    }
    said
}

const fn dmarc_word(result: &DmarcResult) -> &'static str {
    match result {
        DmarcResult::Pass => "pass",
        DmarcResult::Fail(_) => "fail",
        DmarcResult::TempError(_) => "temperror",
        DmarcResult::PermError(_) => "permerror",
        DmarcResult::None => "none",
    }
}

fn parsed(text: &str) -> Txt {
    let bytes = text.as_bytes();
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("v=spf1") {
        mail_auth::spf::Spf::parse(bytes).into()
    } else if lower.starts_with("v=dmarc1") {
        mail_auth::dmarc::Dmarc::parse(bytes).into()
    } else {
        mail_auth::common::verify::DomainKey::parse(bytes).into()
    }
}

/// TXT records that stand fixed; `None` asks the DNS.
#[derive(Default)]
struct Records(Option<HashMap<Box<str>, Txt>>);

impl ResolverCache<Box<str>, Txt> for Records {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let missing = || {
            let code = mail_auth::hickory_resolver::proto::op::ResponseCode::NXDomain;
            Txt::Error(mail_auth::Error::Dns(DnsError::RecordNotFound(code)))
        };
        self.0.as_ref().map(|known| known.get(name).cloned().unwrap_or_else(missing))
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: std::time::Instant) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(head: &str) -> Origin {
        let raw = format!("{head}From: a@kab.go.id\r\nSubject: x\r\n\r\nisi");
        let check = SenderCheck::new("mx.kab.go.id", "").unwrap();
        let message = MessageParser::default().parse_headers(raw.as_bytes()).unwrap();
        check.told(&message).unwrap_or_default()
    }

    #[test]
    fn only_our_own_server_is_believed_and_only_its_topmost_word() {
        let ours = "Authentication-Results: mx.kab.go.id (postfix) 1; spf=pass (ok; fine) smtp.mailfrom=a@kab.go.id;\r\n dkim=fail header.d=x; dkim=pass header.d=kab.go.id; dmarc=pass\r\n";
        let origin = told(ours);
        assert_eq!((origin.spf, origin.dkim, origin.dmarc, origin.belief()), ("pass", "pass", "pass", Belief::Proven));
        let forged =
            "Authentication-Results: mx.kab.go.id; dmarc=fail\r\nAuthentication-Results: mx.kab.go.id; dmarc=pass\r\n";
        assert_eq!(told(forged).belief(), Belief::Forged);
        let plain = "Authentication-Results: mx.kab.go.id; spf=pass smtp.mailfrom=a@kab.go.id\r\n";
        assert_eq!(told(plain).belief(), Belief::Proven);
        let elsewhere = "Authentication-Results: mx.kab.go.id; dkim=pass header.d=toko.test\r\n";
        assert_eq!(told(elsewhere).belief(), Belief::Unproven);
        let mild = "Authentication-Results: mx.kab.go.id; dmarc=fail (p=none dis=none) header.from=x\r\n";
        assert_eq!(told(mild).belief(), Belief::Unproven);
        assert_eq!(told("Authentication-Results: mx.jahat.test; dmarc=pass\r\n"), Origin::default());
        assert_eq!(told("Authentication-Results: mx.kab.go.id; none\r\n").belief(), Belief::Unproven);
    }

    #[test]
    fn domains_are_the_same_when_one_lies_below_the_other() {
        assert!(is_same("dinkes.kab.go.id", "kab.go.id") && is_same("kab.go.id", "KAB.go.id."));
        assert!(!is_same("xkab.go.id", "kab.go.id") && !is_same("kab.go.id", "id") && !is_same("", ""));
    }
}
