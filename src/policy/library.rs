//! All packs of an installation: texts in, checked packs or every fault out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::check;
use super::draft::{Basis, Draft, Source};
use super::fault::{Fault, Faults, nearest};
use super::pack::Pack;
use super::tree::{Data, Node};

/// The packs of an installation by id.
#[derive(Debug, Clone, Default)]
pub struct Library {
    packs: BTreeMap<String, Arc<Pack>>,
}

impl Library {
    /// Reads packs that may extend each other, in any order.
    ///
    /// # Errors
    /// Every fault of every text, once, sorted by file and place. Never empty.
    pub fn read(sources: &[Source]) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::new(sources);
        let drafts = read_drafts(0, sources, &mut faults);
        let mut packs = BTreeMap::new();
        for draft in drafts.values() {
            let pack = lineage(draft, &drafts, sources, &mut faults).and_then(|line| check::build(&line, &mut faults));
            if let Some(pack) = pack {
                packs.insert(pack.id.clone(), Arc::new(pack));
            }
        }
        let faults = faults.into_list();
        if faults.is_empty() { Ok(Self { packs }) } else { Err(faults) }
    }

    /// The pack `id` as `sources` wrote it in the past. Keys that were invented since are read from `today`, where the
    /// pack that extends nothing must have them all.
    ///
    /// # Errors
    /// Every fault, as [`Library::read`]; also when there is no such pack.
    pub fn read_edition(sources: &[Source], today: &[Source], id: &str) -> Result<Arc<Pack>, Vec<Fault>> {
        let all: Vec<Source> = sources.iter().chain(today).cloned().collect();
        let mut faults = Faults::new(&all);
        let then = read_drafts(0, sources, &mut faults);
        let now = read_drafts(sources.len(), today, &mut faults);
        let pack = then.get(id).and_then(|draft| {
            let mut line = lineage(draft, &then, sources, &mut faults)?;
            if let Some(newer) = line.last().and_then(|root| now.get(&root.id)) {
                line.extend(lineage(newer, &now, today, &mut faults)?);
            }
            check::build(&line, &mut faults)
        });
        let faults = faults.into_list();
        pack.filter(|_| faults.is_empty()).map(Arc::new).ok_or(faults)
    }

    /// The pack of this id.
    pub fn get(&self, id: &str) -> Option<Arc<Pack>> {
        self.packs.get(id).cloned()
    }

    /// Every pack, sorted by id.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Pack>> {
        self.packs.values()
    }
}

/// Reads texts of which the first is the `first`-th of all that faults may speak of.
fn read_drafts(first: usize, sources: &[Source], faults: &mut Faults<'_>) -> BTreeMap<String, Draft> {
    let mut drafts = BTreeMap::new();
    for (index, source) in (first..).zip(sources) {
        let Some(draft) = read_draft(index, source, faults) else { continue };
        if drafts.contains_key(&draft.id) {
            let text = format!("pak \"{}\" sudah ada | beri id dan nama berkas yang lain", draft.id);
            faults.at(draft.root.nearest(&["id"]), &text);
        } else {
            drafts.insert(draft.id.clone(), draft);
        }
    }
    drafts
}

fn read_draft(index: usize, source: &Source, faults: &mut Faults<'_>) -> Option<Draft> {
    let mut root = match Node::parse(index, &source.text) {
        Ok(root) => root,
        Err(errors) => {
            errors.iter().for_each(|(offset, message)| faults.add(index, *offset, message));
            return None;
        }
    };
    let extends = root.take("extends");
    let basis = root.take("basis").map(|node| read_basis(&node, "basis", faults)).unwrap_or_default();
    let unconfirmed = root.take("unconfirmed").map(|node| read_basis(&node, "unconfirmed", faults)).unwrap_or_default();
    // These say what this very text is; a value from the parent would be a lie.
    for own in ["id", "name", "version"] {
        if root.at(&[own]).is_none() {
            faults.at(&root, &format!("kunci \"{own}\" belum ada | tulis \"{own}\" di awal berkas"));
        }
    }
    let id_node = root.at(&["id"])?;
    let Some(id) = id_node.as_str() else {
        faults.at(id_node, "id harus berupa teks | tulis nama berkas tanpa akhiran");
        return None;
    };
    if stem(&source.file) != id {
        faults.at(id_node, &format!("id \"{id}\" tidak sama dengan nama berkas | tulis \"{}\"", stem(&source.file)));
    }
    Some(Draft { id: id.to_owned(), source: index, extends, basis, unconfirmed, root })
}

/// Flattens a table of statements about paths: `a.b = "…"` and `"a.b" = "…"` are the same.
fn read_basis(node: &Node, table: &str, faults: &mut Faults<'_>) -> Vec<Basis> {
    if !matches!(node.data, Data::Table(_)) {
        let text = format!("{table} harus berupa tabel | tulis [{table}] lalu \"jalur.nilai\" = \"…\"");
        faults.at(node, &text);
        return Vec::new();
    }
    let mut found = Vec::new();
    for (path, leaf) in node.leaves() {
        match leaf.as_str() {
            Some(text) => found.push(Basis { path, text: text.to_owned(), place: leaf.place }),
            None => {
                let text = format!("isi {table} harus berupa teks | tulis misalnya \"Pasal 1 ayat (2)\"");
                faults.at(leaf, &text);
            }
        }
    }
    found
}

/// A draft and those it extends, nearest first; `None` when the line is broken.
fn lineage<'d>(
    draft: &'d Draft,
    drafts: &'d BTreeMap<String, Draft>,
    sources: &[Source],
    faults: &mut Faults<'_>,
) -> Option<Vec<&'d Draft>> {
    let mut line = vec![draft];
    let mut youngest = draft;
    while let Some(extends) = &youngest.extends {
        let Some(parent_id) = extends.as_str() else {
            faults.at(extends, "extends harus berupa teks | tulis id pak induk");
            return None;
        };
        let Some(parent) = drafts.get(parent_id) else {
            // A parent that exists but cannot be read has its own fault; do not blame the child.
            if !sources.iter().any(|source| stem(&source.file) == parent_id) {
                let known: Vec<&str> = drafts.keys().map(String::as_str).filter(|id| *id != youngest.id).collect();
                faults
                    .at(extends, &format!("pak induk tidak dikenal \"{parent_id}\" | {}", nearest(parent_id, &known)));
            }
            return None;
        };
        if line.iter().any(|member| member.id == parent.id) {
            faults.at(
                extends,
                "extends berputar: pak ini pada akhirnya mewarisi dirinya sendiri | putuskan lingkarannya",
            );
            return None;
        }
        line.push(parent);
        youngest = parent;
    }
    Some(line)
}

fn stem(file: &str) -> &str {
    Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(file)
}
