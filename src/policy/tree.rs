//! A pack's text as a tree in which every value remembers the file and the byte it was written at.
//!
//! Merging keeps those places, so a fault found in a merged pack still points at the line that caused it.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a value was written: index of the source, byte offsets of its key and of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) source: usize,
    pub(super) key: usize,
    pub(super) value: usize,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) data: Data,
}

#[derive(Debug, Clone)]
pub(super) enum Data {
    Scalar(Json),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

/// One step down the tree.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl Node {
    /// Reads TOML; the faults are pairs of byte offset and message.
    pub(super) fn parse(source: usize, text: &str) -> Result<Self, Vec<(usize, String)>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            let place = Place { source, key: 0, value: 0 };
            return Ok(Self { place, data: table_data(source, table.into_inner()) });
        }
        let described = |error: toml::de::Error| {
            (error.span().map_or(0, |span| span.start), format!("tata tulis TOML salah: {}", error.message()))
        };
        Err(errors.into_iter().map(described).collect())
    }

    /// The child laid over the parent: tables merge, everything else is replaced.
    pub(super) fn merge(parent: &Self, child: &Self) -> Self {
        let (Data::Table(below), Data::Table(above)) = (&parent.data, &child.data) else { return child.clone() };
        let mut merged = below.clone();
        for (key, node) in above {
            let joined = below.get(key).map_or_else(|| node.clone(), |old| Self::merge(old, node));
            merged.insert(key.clone(), joined);
        }
        Self { place: child.place, data: Data::Table(merged) }
    }

    pub(super) fn child(&self, step: Step<'_>) -> Option<&Self> {
        match (&self.data, step) {
            (Data::Table(table), Step::Key(key)) => table.get(key),
            (Data::List(list), Step::Index(index)) => list.get(index),
            _ => None,
        }
    }

    /// The node under keys; a number is an index into a list.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |here, part| match here.data {
            Data::List(_) => here.child(Step::Index(part.parse().ok()?)),
            _ => here.child(Step::Key(part)),
        })
    }

    /// The node under keys, or the deepest one on the way to it.
    pub(super) fn nearest(&self, path: &[&str]) -> &Self {
        (0..=path.len()).rev().find_map(|length| self.at(path.get(..length)?)).unwrap_or(self)
    }

    /// The entries of a table; none of anything else.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let table = match &self.data {
            Data::Table(table) => Some(table),
            _ => None,
        };
        table.into_iter().flatten().map(|(key, node)| (key.as_str(), node))
    }

    /// Takes an entry out of a table.
    pub(super) fn take(&mut self, key: &str) -> Option<Self> {
        match &mut self.data {
            Data::Table(table) => table.remove(key),
            _ => None,
        }
    }

    /// The text, when it is one.
    pub(super) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn json(&self) -> Json {
        match &self.data {
            Data::Scalar(value) => value.clone(),
            Data::List(list) => list.iter().map(Self::json).collect(),
            Data::Table(table) => Json::Object(table.iter().map(|(key, node)| (key.clone(), node.json())).collect()),
        }
    }

    /// The values a reader would call single, with their dotted paths: scalars, plain lists, and each table of a list.
    pub(super) fn leaves(&self) -> Vec<(String, &Self)> {
        let mut found = Vec::new();
        self.collect_leaves(String::new(), &mut found);
        found
    }

    fn collect_leaves<'n>(&'n self, path: String, found: &mut Vec<(String, &'n Self)>) {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match &self.data {
            Data::Table(table) => table.iter().for_each(|(key, node)| node.collect_leaves(below(key), found)),
            Data::List(list) if list.iter().any(|item| matches!(item.data, Data::Table(_))) => {
                found.extend(list.iter().enumerate().map(|(index, item)| (below(&index.to_string()), item)));
            }
            _ => found.push((path, self)),
        }
    }

    /// The value in one line for people.
    pub(super) fn text(&self) -> String {
        match &self.data {
            Data::Scalar(Json::String(text)) => text.clone(),
            Data::Scalar(value) => value.to_string(),
            Data::List(list) => {
                // A list in a list is a pair of times.
                let parts = list.iter().map(|item| match &item.data {
                    Data::List(pair) => pair.iter().map(Self::text).collect::<Vec<_>>().join("–"),
                    _ => item.text(),
                });
                parts.collect::<Vec<_>>().join(", ")
            }
            Data::Table(table) => {
                table.iter().map(|(key, node)| format!("{key} = {}", node.text())).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

fn table_data(source: usize, table: DeTable<'_>) -> Data {
    let entries = table.into_iter().map(|(key, value)| {
        let place = Place { source, key: key.span().start, value: value.span().start };
        (key.into_inner().into_owned(), Node { place, data: data(source, value) })
    });
    Data::Table(entries.collect())
}

fn data(source: usize, value: Spanned<DeValue<'_>>) -> Data {
    match value.into_inner() {
        DeValue::String(text) => Data::Scalar(text.into_owned().into()),
        DeValue::Boolean(truth) => Data::Scalar(truth.into()),
        // A number too large to hold stays text, and is then refused as one where a number is asked for.
        DeValue::Integer(number) => Data::Scalar(
            i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| number.to_string().into(), Json::from),
        ),
        DeValue::Float(number) => {
            Data::Scalar(number.as_str().parse::<f64>().map_or_else(|_| number.to_string().into(), Json::from))
        }
        DeValue::Datetime(datetime) => Data::Scalar(datetime.to_string().into()),
        DeValue::Array(array) => Data::List(
            array
                .into_iter()
                .map(|item| {
                    let start = item.span().start;
                    Node { place: Place { source, key: start, value: start }, data: data(source, item) }
                })
                .collect(),
        ),
        DeValue::Table(table) => table_data(source, table),
    }
}
