//! The text of an article as a page shows it: Markdown made HTML, and of that only what is harmless.

use std::collections::{HashMap, HashSet};

/// Deepest heading there is.
const DEEPEST: u8 = 6;
/// The heading of the page stands above those of the text.
const FIRST: u8 = 2;

/// HTML of a text: no scripts, no pictures from elsewhere, no styles, headings in order from the second level on.
pub fn html(text: &str) -> String {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.render.hardbreaks = true;
    // What is harmful is taken out below, with what stands in it; left out here, the words between its tags would stay.
    options.render.r#unsafe = true;
    cleaned(&in_order(&comrak::markdown_to_html(text, &options)))
}

/// The beginning of a text without its marks, for lists; at most `longest` characters, cut between words.
pub fn beginning(text: &str, longest: usize) -> String {
    let plain = text.lines().map(|line| line.trim_start_matches(['#', '>', '-', '*', '+', ' ', '|']).trim());
    let words = plain.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let words: String = words.replace(['*', '`', '_', '|'], "");
    if words.chars().count() <= longest {
        return words;
    }
    let cut: String = words.chars().take(longest).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    format!("{cut} …")
}

fn cleaned(html: &str) -> String {
    let tags = [
        "p",
        "br",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "strong",
        "em",
        "del",
        "a",
        "code",
        "pre",
        "blockquote",
        "hr",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ];
    let attributes = [("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))];
    ammonia::Builder::new()
        .tags(tags.into_iter().collect())
        .tag_attributes(HashMap::from(attributes))
        .generic_attributes(HashSet::new())
        .url_schemes(["http", "https", "mailto", "tel"].into_iter().collect())
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean_content_tags(["script", "style", "title", "template", "svg", "math", "noscript"].into_iter().collect())
        .clean(html)
        .to_string()
}

/// Headings begin at the second level and never skip one on the way down.
fn in_order(html: &str) -> String {
    let mut told = String::with_capacity(html.len());
    let highest = (1..=DEEPEST).find(|level| html.contains(&format!("<h{level}"))).unwrap_or(1);
    let (mut rest, mut last, mut open) = (html, FIRST - 1, None);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        told.push_str(before);
        let bytes = tag.as_bytes();
        let closes = bytes.get(1) == Some(&b'/');
        let (letter, digit) = (bytes.get(1 + usize::from(closes)), bytes.get(2 + usize::from(closes)));
        let level = match (letter, digit) {
            (Some(b'h'), Some(digit @ b'1'..=b'6')) => Some(digit - b'0'),
            _ => None,
        };
        let Some(level) = level else {
            told.push('<');
            rest = &tag[1..];
            continue;
        };
        let shown = match (closes, open) {
            (true, Some(shown)) => shown,
            _ => (level + FIRST - highest).clamp(FIRST, (last + 1).min(DEEPEST)),
        };
        open = (!closes).then_some(shown);
        last = shown;
        let name = 2 + usize::from(closes) + 1;
        told.push_str(if closes { "</h" } else { "<h" });
        told.push(char::from(b'0' + shown));
        rest = &tag[name..];
    }
    told.push_str(rest);
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_becomes_a_page() {
        let told = html(
            "# Satu\n\n1. buka\n2. *klik*\n\n### Dua\n\n[a](https://x.test) <script>alert(1)</script>\n\n| a | b |\n| - | - |\n| 1 | 2 |",
        );
        assert!(told.contains("<h2>Satu</h2>") && told.contains("<h3>Dua</h3>"), "{told}");
        assert!(told.contains("<ol>") && told.contains("<em>klik</em>") && told.contains("<td>2</td>"), "{told}");
        assert_eq!(html("## a\n\n## b"), "<h2>a</h2>\n<h2>b</h2>\n");
        assert!(!told.contains("script") && !told.contains("alert"), "{told}");
        let bad = html("<img src=x onerror=alert(1)> [a](javascript:alert(1)) <b style='x'>b</b> ![p](http://x/y.png)");
        assert!(
            !bad.contains("onerror") && !bad.contains("javascript:") && !bad.contains("<img") && !bad.contains("style"),
            "{bad}"
        );
    }

    #[test]
    fn a_beginning_has_no_marks() {
        assert_eq!(beginning("## Gejala\n\n- layar **kosong**\n", 50), "Gejala layar kosong");
        assert_eq!(beginning("satu dua tiga", 9), "satu dua …");
    }

    proptest! {
        #[test]
        fn headings_never_skip_a_level(text in "(#{1,6} [a-z]{1,4}\n\n){0,8}") {
            let told = html(&text);
            let mut last = 1;
            for at in told.match_indices("<h").map(|(at, _)| at) {
                let level = told.as_bytes()[at + 2] - b'0';
                prop_assert!(level >= 2 && level <= last + 1, "{told}");
                last = level;
            }
        }

        #[test]
        fn nothing_harmful_is_left(text in "[<>a-z/\"'=()\\[\\]!:`#*|\n -]{0,120}") {
            let told = html(&text).to_lowercase();
            prop_assert!(!told.contains("<script") && !told.contains("<img") && !told.contains("<iframe"));
        }
    }
}
