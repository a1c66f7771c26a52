//! Where monitors may look: an allow-list, checked against the addresses a name really has (TRUST.md S13).
//!
//! Nothing is allowed that is not listed. A host of the list may have public addresses only; an address of a private
//! network, of this machine, of a link or of a cloud's own services needs its network in the list, and a network that
//! is wider than all of those (`0.0.0.0/0`) does not let them in.

use crate::config::{MonitorsConfig, is_within, network};
use crate::error::{Error, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// What monitors may reach, and whose certificates they believe.
#[derive(Debug, Clone)]
pub struct Outward {
    networks: Vec<(IpAddr, u8)>,
    hosts: Vec<String>,
    tls: Arc<rustls::ClientConfig>,
}

impl Outward {
    /// Reads the settings.
    ///
    /// # Errors
    /// The file with own certificates cannot be read.
    pub fn new(settings: &MonitorsConfig) -> Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if let Some(file) = &settings.ca_file {
            let bad = |error: &dyn std::fmt::Display| Error::internal(format!("{}: {error}", file.display()));
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| bad(&error))? {
                roots.add(certificate.map_err(|error| bad(&error))?).map_err(|error| bad(&error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Internal(error.into()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listed = settings.allow.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty());
        let (mut networks, mut hosts) = (Vec::new(), Vec::new());
        for entry in listed {
            match network(entry) {
                Some((address, length)) => networks.push((address, length)),
                None => hosts.push(entry.to_lowercase()),
            }
        }
        Ok(Self { networks, hosts, tls: Arc::new(tls) })
    }

    /// How a protected connection is made.
    pub fn tls(&self) -> Arc<rustls::ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// Is the name itself listed?
    pub fn names(&self, host: &str) -> bool {
        self.hosts.contains(&host.trim_end_matches('.').to_lowercase())
    }

    /// May this name, or address, lead to anything that is listed? Where a name leads is known when it is looked up.
    pub fn may_lead(&self, host: &str) -> bool {
        match host.parse::<IpAddr>() {
            Ok(address) => self.allows(host, address),
            Err(_) => self.names(host) || !self.networks.is_empty(),
        }
    }

    /// May something be fetched from this address, under this name?
    pub fn allows(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_public = is_public(address);
        let by_name = is_public && self.names(host);
        by_name
            || self.networks.iter().any(|(network, length)| {
                // One that begins at a public address, or is wider than any inside, lets in public ones only.
                let leads_inside = !is_public_network(*network) && *length >= if network.is_ipv4() { 8 } else { 7 };
                is_within(address, *network, *length) && (is_public || leads_inside)
            })
    }
}

/// A network that is itself none of the public ones; `0.0.0.0` stands for all of them.
fn is_public_network(network: IpAddr) -> bool {
    network.is_unspecified() || is_public(network)
}

/// An address anybody can reach, of no special use.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => is_public_four(four),
        IpAddr::V6(six) => is_public_six(six),
    }
}

fn is_public_four(it: Ipv4Addr) -> bool {
    let [a, b, c, _] = it.octets();
    let is_special = it.is_private()
        || it.is_loopback()
        || it.is_link_local()
        || it.is_broadcast()
        || it.is_documentation()
        || it.is_multicast()
        || a == 0
        || a >= 240
        // Carrier-grade NAT, protocol assignments, the 6to4 relay, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !is_special
}

fn is_public_six(it: Ipv6Addr) -> bool {
    let [a, b, ..] = it.segments();
    // Only 2000::/3 is given out; of that, not what carries an address of IPv4 (6to4, Teredo) or is for documents.
    // NAT64 (64:ff9b::/96) lies outside.
    let is_given_out = (a & 0xe000) == 0x2000;
    is_given_out && a != 0x2002 && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8)) && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outward(allow: &[&str]) -> Outward {
        let allow = allow.iter().map(|entry| (*entry).to_owned()).collect();
        Outward::new(&MonitorsConfig { allow, ca_file: None }).expect("settings")
    }

    fn allows(allow: &[&str], host: &str, address: &str) -> bool {
        outward(allow).allows(host, address.parse().expect("an address"))
    }

    /// Forms under which something inside hides.
    const INSIDE: [&str; 32] = [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "169.254.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
    ];

    #[test]
    fn nothing_is_allowed_that_is_not_listed() {
        assert!(!allows(&[], "contoh.go.id", "103.1.2.3"));
        assert!(!allows(&["lain.go.id"], "contoh.go.id", "103.1.2.3"));
        assert!(allows(&["contoh.go.id"], "Contoh.GO.ID.", "103.1.2.3"));
        assert!(allows(&["103.1.2.0/24"], "contoh.go.id", "103.1.2.3"));
        assert!(!allows(&["103.1.2.0/24"], "contoh.go.id", "103.1.3.3"));
        assert!(allows(&["2404:8000::/32"], "contoh.go.id", "2404:8000::1"));
    }

    #[test]
    fn a_listed_name_does_not_lead_inside() {
        for address in INSIDE {
            assert!(!allows(&["contoh.go.id"], "contoh.go.id", address), "{address}");
            let all = ["0.0.0.0/0", "::/0", "10.0.0.0/1", "contoh.go.id"];
            assert!(!allows(&all, "contoh.go.id", address), "{address} by all");
        }
    }

    #[test]
    fn a_name_may_lead_somewhere_when_it_or_a_network_is_listed() {
        assert!(!outward(&[]).may_lead("contoh.go.id") && !outward(&["lain.go.id"]).may_lead("contoh.go.id"));
        assert!(outward(&["contoh.go.id"]).may_lead("Contoh.go.id.") && outward(&["10.0.0.0/8"]).may_lead("simpus"));
        assert!(!outward(&["10.0.0.0/8"]).may_lead("127.0.0.1") && outward(&["10.0.0.0/8"]).may_lead("10.1.1.1"));
    }

    #[test]
    fn a_listed_network_leads_inside_and_no_further() {
        assert!(allows(&["10.1.0.0/16"], "simpus.local", "10.1.2.3"));
        assert!(allows(&["10.1.0.0/16"], "simpus.local", "::ffff:10.1.2.3"));
        assert!(!allows(&["10.1.0.0/16"], "simpus.local", "10.2.2.3"));
        assert!(!allows(&["10.0.0.0/8"], "simpus.local", "127.0.0.1"));
        assert!(!allows(&["10.0.0.0/8"], "simpus.local", "169.254.169.254"));
        assert!(allows(&["127.0.0.1"], "localhost", "127.0.0.1"));
        assert!(!allows(&["127.0.0.1"], "localhost", "::1"));
    }
}
