//! What is wrong in the text of a pack, where exactly, and what to write instead.

use std::fmt;

use serde::de::DeserializeOwned;

use super::draft::Source;
use super::tree::{Node, Step};

/// One error in a pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct Fault {
    /// As given in [`Source::file`].
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n  hint: {}", self.hint) }
    }
}

/// Collects faults and knows the texts they are in.
///
/// A message may carry its hint behind ` | `; so errors raised deep inside serde can bring one along.
pub(super) struct Faults<'a> {
    sources: &'a [Source],
    list: Vec<Fault>,
}

impl<'a> Faults<'a> {
    pub(super) fn new(sources: &'a [Source]) -> Self {
        Self { sources, list: Vec::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// Records a fault at a byte offset of a source.
    pub(super) fn add(&mut self, source: usize, offset: usize, text: &str) {
        let Some(found) = self.sources.get(source) else { return };
        let (line, column) = line_and_column(&found.text, offset);
        let (message, hint) = text.rsplit_once(" | ").unwrap_or((text, ""));
        self.list.push(Fault {
            file: found.file.clone(),
            line,
            column,
            message: message.to_owned(),
            hint: hint.to_owned(),
        });
    }

    /// Records a fault at the value of a node.
    pub(super) fn at(&mut self, node: &Node, text: &str) {
        self.add(node.place.source, node.place.value, text);
    }

    /// Records a fault at the key of a node.
    pub(super) fn at_key(&mut self, node: &Node, text: &str) {
        self.add(node.place.source, node.place.key, text);
    }

    /// Reads a node as a type; a mismatch becomes a fault at the smallest node to blame.
    pub(super) fn read<T: DeserializeOwned>(&mut self, node: &Node) -> Option<T> {
        let error = match serde_path_to_error::deserialize(node.json()) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let blamed = follow(node, error.path());
        let message = error.inner().to_string();
        let text = in_plain_words(&message);
        match unknown_field(&message) {
            Some(field) => self.at_key(blamed.child(Step::Key(field)).unwrap_or(blamed), &text),
            None => self.at(blamed, &text),
        }
        None
    }

    /// Every fault once, in reading order. A fault in a parent shows up again in each of its children.
    pub(super) fn into_list(mut self) -> Vec<Fault> {
        self.list.sort();
        self.list.dedup();
        self.list
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before: String = text.char_indices().take_while(|(at, _)| *at < offset).map(|(_, symbol)| symbol).collect();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn follow<'n>(node: &'n Node, path: &serde_path_to_error::Path) -> &'n Node {
    use serde_path_to_error::Segment;
    let mut here = node;
    for segment in path {
        let next = match segment {
            Segment::Seq { index } => here.child(Step::Index(*index)),
            Segment::Map { key } | Segment::Enum { variant: key } => here.child(Step::Key(key)),
            Segment::Unknown => None,
        };
        match next {
            Some(next) => here = next,
            None => break,
        }
    }
    here
}

fn unknown_field(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}

/// Serde's few sentences, in the words of this product; any other sentence is left as it is.
fn in_plain_words(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (Some((unknown, known)), true) = (quoted.split_first(), message.starts_with("unknown ")) {
        let what = if message.starts_with("unknown field") { "kunci" } else { "nilai" };
        return format!("{what} tidak dikenal \"{unknown}\" | {}", nearest(unknown, known));
    }
    if let (Some(field), true) = (quoted.first(), message.starts_with("missing field")) {
        return format!("kunci \"{field}\" belum ada | tambahkan \"{field}\" di tabel ini");
    }
    if let Some((found, expected)) = split_expected(message, "invalid type: ") {
        return format!("jenis nilai salah: tertulis {found}, seharusnya {expected}");
    }
    if let Some((found, expected)) = split_expected(message, "invalid value: ") {
        return format!("nilai di luar batas: tertulis {found}, seharusnya {expected}");
    }
    if let Some((found, expected)) = split_expected(message, "invalid length ") {
        return format!("panjang daftar salah: tertulis {found}, seharusnya {expected}");
    }
    message.to_owned()
}

fn split_expected<'m>(message: &'m str, prefix: &str) -> Option<(&'m str, &'m str)> {
    message.strip_prefix(prefix)?.split_once(", expected ")
}

/// A hint that names the known word most like the unknown one, or all of them when none is close.
pub(super) fn nearest(unknown: &str, known: &[&str]) -> String {
    let limit = unknown.chars().count() / 3 + 1;
    let closest = known.iter().map(|word| (distance(unknown, word), *word)).min();
    match closest {
        Some((steps, word)) if steps <= limit => format!("mungkin maksudnya \"{word}\""),
        Some(_) => format!("yang dikenal: {}", known.join(", ")),
        None => "hapus; di sini tidak ada kunci".to_owned(),
    }
}

/// Number of letters to insert, delete or replace to turn one word into the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (done, letter) in one.chars().enumerate() {
        let mut diagonal = done;
        let mut left = done + 1;
        for (cell, target) in row.iter_mut().skip(1).zip(&other) {
            let replaced = diagonal + usize::from(letter != *target);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = done + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
