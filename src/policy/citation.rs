//! What counts as a citation that a reader can look up.

/// Instruments that have no numbered articles, or whose whole is meant when they are named.
const WHOLE_INSTRUMENTS: &[&str] =
    &["SKB", "Keputusan", "Perpres", "Peraturan Presiden", "Keppres", "Inpres", "Instruksi", "SE", "Surat Edaran"];

/// Whether a text names an article, or an instrument that is cited as a whole.
pub(super) fn is_exact(text: &str) -> bool {
    let names_article =
        text.split_once("Pasal ").is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
    names_article
        || WHOLE_INSTRUMENTS.iter().any(|name| {
            text.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(' ') && rest.chars().any(|c| c.is_ascii_digit()))
        })
}
