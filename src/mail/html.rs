//! The words of an HTML part, in one pass over its tags, and a rendition of it that is safe to show. Pure and bounded.

use mail_parser::decoders::html::html_to_text;

/// Longest HTML that is read, in bytes; what is longer is no letter, and the raw mail is kept in any case.
const LONGEST: usize = 400_000;
/// Elements that stand open in each other at most; deeper ones are read as if they were not there.
const DEEPEST: usize = 100;
/// Elements whose content nobody is meant to read.
const UNREAD: &[&str] = &["script", "style", "title", "template", "noembed", "noframes", "object", "svg", "math"];
/// Elements that hold nothing.
const EMPTY: &[&str] = &["br", "hr", "img", "meta", "link", "input", "base", "col", "area", "wbr", "source", "embed"];
/// Elements that begin and end a line.
const LINES: &[&str] = &[
    "div",
    "p",
    "tr",
    "ul",
    "ol",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "section",
    "article",
    "header",
    "footer",
    "center",
    "dl",
    "dt",
    "dd",
    "form",
    "fieldset",
    "pre",
    "address",
    "body",
];

/// What a reader of the HTML would read: scripts, styles and hidden elements left out, quotations marked with `>`.
pub fn to_text(html: &str) -> String {
    let mut reader = Reader::default();
    let html = cut(html);
    let mut at = 0;
    let mut tags = Tags::new(html);
    while let Some(open) = html[at..].find('<').map(|found| at + found) {
        reader.words(&html[at..open]);
        let rest = &html[open..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            at = comment.find("-->").map_or(html.len(), |end| open + 4 + end + 3);
        } else if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            reader.words("<");
            at = open + 1;
        } else {
            let end = tags.end(open);
            reader.tag(&html[open + 1..end]);
            at = (end + 1).min(html.len());
            if let Some(name) = reader.unread.take() {
                at = reader.behind(html, at, name);
            }
        }
    }
    reader.words(&html[at.min(html.len())..]);
    reader.finish()
}

/// The HTML without anything that runs, loads, submits or hides; `None` when it is too long or too deep to be cleaned
/// in bounded time: then the text has to do. Pictures are left out, whether they lie elsewhere or not.
pub fn safe(html: &str) -> Option<String> {
    if html.len() > LONGEST || nesting(html) > DEEPEST {
        return None;
    }
    let tags = [
        "p",
        "br",
        "div",
        "span",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "a",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "blockquote",
        "pre",
        "code",
        "hr",
        "sub",
        "sup",
        "small",
        "dl",
        "dt",
        "dd",
    ];
    let clean = ammonia::Builder::new()
        .tags(tags.into_iter().collect())
        .tag_attributes(std::iter::once(("a", std::iter::once("href").collect())).collect())
        .generic_attributes(std::collections::HashSet::new())
        .url_schemes(["http", "https", "mailto", "tel"].into_iter().collect())
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean_content_tags(
            ["script", "style", "title", "template", "object", "svg", "math", "noscript"].into_iter().collect(),
        )
        .clean(html)
        .to_string();
    Some(clean)
}

fn cut(html: &str) -> &str {
    let mut end = html.len().min(LONGEST);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    &html[..end]
}

/// How deep elements stand in each other, by their tags alone. Elements that people leave open do not count.
fn nesting(html: &str) -> usize {
    const LEFT_OPEN: &[&str] =
        &["p", "br", "li", "td", "tr", "th", "img", "hr", "meta", "input", "link", "dd", "dt", "option", "col", "base"];
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').take(20).collect();
        let name = name.to_ascii_lowercase();
        if name.is_empty() || LEFT_OPEN.contains(&name.trim_matches('/')) {
            continue;
        }
        depth = if name.starts_with('/') { depth.saturating_sub(1) } else { depth + 1 };
        deepest = deepest.max(depth);
    }
    deepest
}

/// Behind the end of an element, if it is ever closed.
fn after_closing(html: &str, from: usize, name: &str) -> Option<usize> {
    let bytes = html.as_bytes();
    let mut at = from.min(html.len());
    while let Some(open) = html[at..].find("</").map(|found| at + found) {
        let end = open + 2 + name.len();
        if bytes.get(open + 2..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
            return Some(html[end..].find('>').map_or(html.len(), |found| end + found + 1));
        }
        at = open + 2;
    }
    None
}

/// Finds where tags end. Quotation marks that are never closed are not believed any more.
struct Tags<'a> {
    html: &'a str,
    quotes: bool,
}

impl<'a> Tags<'a> {
    const fn new(html: &'a str) -> Self {
        Self { html, quotes: true }
    }

    /// Place of the `>` that ends the tag which begins at `open`; the end of the text when there is none.
    fn end(&mut self, open: usize) -> usize {
        let bytes = self.html.as_bytes();
        if self.quotes {
            let mut quote = 0_u8;
            for (place, byte) in bytes.iter().enumerate().skip(open) {
                match *byte {
                    b'>' if quote == 0 => return place,
                    found @ (b'"' | b'\'') if quote == 0 && bytes[..place].trim_ascii_end().ends_with(b"=") => {
                        quote = found
                    }
                    found if quote != 0 && found == quote => quote = 0,
                    _ => {}
                }
            }
            self.quotes = false;
        }
        self.html[open..].find('>').map_or(self.html.len(), |found| open + found)
    }
}

/// An element that stands open.
struct Open {
    name: String,
    hidden: bool,
    quote: bool,
    href: Option<String>,
    /// Length of the text when it was opened.
    from: usize,
}

/// Puts lines together.
#[derive(Default)]
struct Reader {
    lines: String,
    line: String,
    open: Vec<Open>,
    hidden: usize,
    quotes: usize,
    blank: usize,
    unread: Option<String>,
    /// Elements that are never closed.
    unclosed: Vec<String>,
}

impl Reader {
    fn words(&mut self, words: &str) {
        if self.hidden > 0 || words.is_empty() {
            return;
        }
        let words = entities(words);
        let is_pre = self.open.iter().any(|open| open.name == "pre");
        for piece in words.chars() {
            match piece {
                '\n' if is_pre => self.end_line(),
                c if c.is_whitespace() && c != '\u{a0}' => {
                    if !self.line.is_empty() && !self.line.ends_with(' ') {
                        self.line.push(' ');
                    }
                }
                '\u{a0}' => self.line.push(' '),
                c => self.line.push(c),
            }
        }
    }

    /// Where reading goes on behind an element that nobody is meant to read. Of one that is never closed only programs
    /// and styles hide the rest; each is looked for once.
    fn behind(&mut self, html: &str, from: usize, name: String) -> usize {
        let hides = matches!(name.as_str(), "script" | "style");
        if self.unclosed.contains(&name) {
            return if hides { html.len() } else { from };
        }
        let found = after_closing(html, from, &name);
        if found.is_none() {
            self.unclosed.push(name);
        }
        found.unwrap_or(if hides { html.len() } else { from })
    }

    fn tag(&mut self, tag: &str) {
        let (closes, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric()).take(20).collect();
        let name = name.to_ascii_lowercase();
        if closes {
            self.close(&name);
        } else {
            self.open(name, tag);
        }
    }

    fn open(&mut self, name: String, tag: &str) {
        match name.as_str() {
            "br" => self.end_line(),
            "hr" => {
                self.break_line();
                self.line.push_str("----------");
                self.end_line();
            }
            "li" => {
                self.break_line();
                self.line.push_str("- ");
            }
            "td" | "th" => self.words(" "),
            "img" => {
                let alt = attribute(tag, "alt").unwrap_or_default();
                if !alt.trim().is_empty() && !alt.contains('.') && alt.len() < 200 {
                    self.words(&format!("[{}]", alt.trim()));
                }
            }
            name if LINES.contains(&name) => self.break_line(),
            _ => {}
        }
        if UNREAD.contains(&name.as_str()) && !tag.ends_with('/') {
            self.unread = Some(name);
            return;
        }
        if EMPTY.contains(&name.as_str()) || tag.ends_with('/') || self.open.len() >= DEEPEST || name.is_empty() {
            return;
        }
        let (hidden, quote) = (is_hidden(tag), name == "blockquote");
        if quote {
            self.quotes += 1;
        }
        self.hidden += usize::from(hidden);
        let href = (name == "a").then(|| attribute(tag, "href")).flatten();
        self.open.push(Open { name, hidden, quote, href, from: self.line.len() });
    }

    fn close(&mut self, name: &str) {
        if LINES.contains(&name) || name == "li" {
            self.break_line();
            if matches!(name, "p" | "h1" | "h2" | "h3" | "blockquote" | "table") {
                self.blank = self.blank.max(1);
            }
        }
        let Some(place) = self.open.iter().rposition(|open| open.name == name) else { return };
        for open in self.open.split_off(place) {
            self.hidden -= usize::from(open.hidden);
            self.quotes -= usize::from(open.quote);
            if let Some(href) = open.href.filter(|_| self.hidden == 0) {
                self.leads_to(&href, open.from);
            }
        }
    }

    /// Says where a link leads when its words do not.
    fn leads_to(&mut self, href: &str, from: usize) {
        let plain = |text: &str| {
            let text = text.trim().trim_end_matches('/').to_lowercase();
            text.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.").to_owned()
        };
        let shown = self.line.get(from..).unwrap_or_default();
        let href = entities(href.trim());
        let lower = href.to_ascii_lowercase();
        let is_web = lower.starts_with("http://") || lower.starts_with("https://");
        if is_web && href.len() <= 300 && !href.contains(char::is_whitespace) && plain(shown) != plain(&href) {
            self.line.push_str(&format!(" <{href}>"));
        }
    }

    fn break_line(&mut self) {
        if !self.line.trim().is_empty() {
            self.end_line();
        } else {
            self.line.clear();
        }
    }

    fn end_line(&mut self) {
        let line = self.line.trim_end();
        if line.is_empty() {
            self.blank += 1;
        } else {
            if !self.lines.is_empty() {
                for _ in 0..self.blank.min(1) {
                    self.lines.push_str(&">".repeat(self.quotes.min(5)));
                    self.lines.push('\n');
                }
            }
            if self.quotes > 0 {
                self.lines.push_str(&">".repeat(self.quotes.min(5)));
                self.lines.push(' ');
            }
            self.lines.push_str(line);
            self.lines.push('\n');
            self.blank = 0;
        }
        self.line.clear();
    }

    fn finish(mut self) -> String {
        self.end_line();
        self.lines.truncate(self.lines.trim_end().len());
        self.lines
    }
}

/// Nobody who looks at the mail sees it: text that only machines and search would find.
fn is_hidden(tag: &str) -> bool {
    let Some(style) = attribute(tag, "style") else {
        return attribute(tag, "hidden").is_some()
            || tag.to_ascii_lowercase().split_whitespace().any(|word| word == "hidden");
    };
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let tiny = style.split(';').filter_map(|rule| rule.strip_prefix("font-size:")).any(|size| {
        let digits: String = size.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        digits.parse::<f32>().is_ok_and(|size| size < 1.0)
    });
    tiny || ["display:none", "visibility:hidden", "mso-hide:all", "opacity:0;"].iter().any(|rule| style.contains(rule))
        || style.ends_with("opacity:0")
}

/// The value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower[from..].find(name).map(|found| from + found) {
        let end = found + name.len();
        from = end;
        let is_word = found > 0 && lower.as_bytes()[found - 1].is_ascii_whitespace();
        let Some(value) = tag[end..].trim_start().strip_prefix('=').filter(|_| is_word) else { continue };
        let value = value.trim_start();
        return Some(match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default().to_owned(),
            _ => value.split_whitespace().next().unwrap_or_default().to_owned(),
        });
    }
    None
}

/// Text with its character references resolved.
fn entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut pieces = text.split('&');
    let mut words = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let name = piece.split(';').next().unwrap_or_default();
        let is_name = !name.is_empty()
            && name.len() <= 32
            && name.len() < piece.len()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#');
        if !is_name {
            words.push('&');
            words.push_str(piece);
            continue;
        }
        match name {
            "nbsp" | "#160" | "#xa0" | "#xA0" => words.push('\u{a0}'),
            "zwnj" | "shy" | "#8203" | "#847" => {}
            "lt" => words.push('<'),
            "gt" => words.push('>'),
            "amp" => words.push('&'),
            _ => words.push_str(html_to_text(&format!("&{name};")).trim_matches(['\n', '\r'])),
        }
        words.push_str(&piece[name.len() + 1..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_read_as_its_reader_sees_it() {
        for (html, text) in [
            ("<p>Halo <b>dunia</b></p><script>x()</script><style>p{}</style>", "Halo dunia"),
            ("<html><head><title>judul</title></head><body>isi &amp; <br>baris&nbsp;dua</body>", "isi &\nbaris dua"),
            ("<div>satu</div><div>dua</div>", "satu\ndua"),
            ("<ul><li>a<li>b</ul>", "- a\n- b"),
            (
                "<table><tr><td>Nama</td><td>: Budi</td></tr><tr><td>NIP</td><td>: 1</td></tr></table>",
                "Nama : Budi\nNIP : 1",
            ),
            ("tampak<span style=\"display: none\">rahasia</span><p hidden>juga</p> lagi", "tampak\n\nlagi"),
            ("<blockquote>lama<blockquote>lebih</blockquote></blockquote>baru", "> lama\n>> lebih\n\nbaru"),
            ("<a href='https://jahat.test/x'>https://bank.test</a>", "https://bank.test <https://jahat.test/x>"),
            ("<a href=\"https://a.test/\">a.test</a> <a href=\"javascript:x()\">klik</a>", "a.test klik"),
            ("2 < 3 & 4 > 1 <!-- tak -->terlihat", "2 < 3 & 4 > 1 terlihat"),
            ("<p title=\"a > b\">isi</p>", "isi"),
            ("<p title=\"tak ditutup>isi</p><p>lagi", "isi\n\nlagi"),
            ("<svg onload=x()><p>isi</p>", "isi"),
            ("<head><title>x</title><body>isi", "isi"),
            ("<pre>a\n  b</pre>", "a\nb"),
            ("&eacute;&#233;&bukan;", "éé"),
        ] {
            let read = to_text(html);
            assert!(read == text || html.contains("bukan") && read.starts_with(text), "{html}: {read:?}");
        }
    }

    #[test]
    fn html_beyond_sense_is_read_in_bounded_time() {
        assert_eq!(
            to_text(&format!("{}isi surat", "<blockquote>".repeat(5_000))).trim_start_matches(['>', ' ']),
            "isi surat"
        );
        for piece in
            ["<div>", "<a \"", "<a href=\"", "</", "<!--", "<script>", "&amp", "<p style=\"display:none\">", "<"]
        {
            to_text(&piece.repeat(60_000 / piece.len()));
            safe(&piece.repeat(60_000 / piece.len()));
        }
        assert_eq!(nesting("<p>a<p>b<br><ul><li>c<li>d</ul>"), 1);
    }

    #[test]
    fn nothing_that_runs_or_loads_is_left() {
        let bad = "<p onclick=x()>isi<script>x()</script><img src=//x.test/a.png onerror=x()><a href='java\tscript:x()'>k</a>\
            <a href='https://a.test'>baik</a><style>@import '//x'</style><svg onload=x()></svg><base href=//x><meta http-equiv=refresh>\
            <form action=//x><input></form><div style='background:url(//x)'>gaya</div>";
        let clean = safe(bad).expect("short");
        for trace in
            ["script", "onerror", "onclick", "img", "style", "svg", "base", "meta", "form", "input", "//x", "url("]
        {
            assert!(!clean.contains(trace), "{trace}: {clean}");
        }
        assert!(
            clean.contains("isi") && clean.contains("href=\"https://a.test\"") && clean.contains("gaya"),
            "{clean}"
        );
        assert_eq!(safe(&"<div>".repeat(200)), None);
    }
}
