//! A name service that knows one record and asks nobody.

use mail_auth::{AuthenticatedMessage, MX, Parameters, RecordSet, ResolverCache, Txt};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Instant;

/// What is known, for good.
#[derive(Debug)]
pub struct Known<K, V>(HashMap<K, V>);

impl<K: Hash + Eq, V: Clone> ResolverCache<K, V> for Known<K, V> {
    fn get<Q>(&self, name: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.get(name).cloned()
    }

    fn remove<Q>(&self, _: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: K, _: V, _: Instant) {}
}

/// One text record.
pub struct Records(Known<Box<str>, Txt>);

type Asked<'x> = Parameters<
    'x,
    &'x AuthenticatedMessage<'x>,
    Known<Box<str>, Txt>,
    Known<Box<str>, RecordSet<MX>>,
    Known<Box<str>, RecordSet<Ipv4Addr>>,
    Known<Box<str>, RecordSet<Ipv6Addr>>,
    Known<IpAddr, RecordSet<Box<str>>>,
>;

impl Records {
    pub fn with(name: &str, record: Txt) -> Self {
        Self(Known(HashMap::from([(name.into(), record)])))
    }

    /// A question about a message that is answered from here.
    pub fn about<'x>(&'x self, message: &'x AuthenticatedMessage<'x>) -> Asked<'x> {
        Parameters {
            params: message,
            cache_txt: Some(&self.0),
            cache_mx: None,
            cache_ptr: None,
            cache_ipv4: None,
            cache_ipv6: None,
        }
    }
}
