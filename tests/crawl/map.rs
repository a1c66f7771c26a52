//! The addresses the program knows, read from its own lists, so that pages of one kind can be told apart from
//! pages of another. Nothing is visited because it stands here.

use std::path::Path;

/// An address with its variable parts, e.g. `/kerja/tiket/:number`.
#[derive(Debug, Clone)]
struct Known {
    path: String,
    is_page: bool,
    takes_forms: bool,
}

/// All of them.
#[derive(Debug)]
pub struct Map(Vec<Known>);

impl Map {
    /// Reads the lists in `src/web`.
    pub fn read() -> Self {
        let mut known = Vec::new();
        // Two packages read this file; the program lies in a folder above both.
        let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("src/web"));
        let mut folders: Vec<_> = above.filter(|folder| folder.is_dir()).take(1).collect();
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    collect(&std::fs::read_to_string(&path).expect("a text"), &mut known);
                }
            }
        }
        assert!(known.len() > 20, "the lists of addresses were not recognised");
        Self(known)
    }

    /// The pattern of an address without its query; the address itself when nothing fits.
    pub fn pattern(&self, path: &str) -> String {
        let fits = self.0.iter().filter(|known| fits(&known.path, path));
        // A fixed word beats a variable part.
        let best = fits.min_by_key(|known| known.path.matches([':', '*']).count());
        best.map_or_else(|| path.to_owned(), |known| known.path.clone())
    }

    /// Does something answer a form sent to this address?
    pub fn takes_forms(&self, path: &str) -> bool {
        self.0.iter().any(|known| known.takes_forms && fits(&known.path, path))
    }

    /// Patterns of the pages.
    pub fn pages(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|known| known.is_page).map(|known| known.path.as_str())
    }
}

fn collect(text: &str, known: &mut Vec<Known>) {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    for entry in text.split(".at(").skip(1) {
        let Some(rest) = entry.trim_start().strip_prefix('"') else { continue };
        let Some((path, handlers)) = rest.split_once('"') else { continue };
        let handlers = handlers.split(';').next().unwrap_or_default();
        if path.starts_with('/') {
            let (is_page, takes_forms) = (handlers.contains("get("), handlers.contains("post("));
            known.push(Known { path: path.to_owned(), is_page, takes_forms });
        }
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        match parts.next() {
            Some(_) if wanted.starts_with('*') => return true,
            Some(part) if wanted == part || (wanted.starts_with(':') && !part.is_empty()) => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}
