//! What every page must be: named, labelled, in order, closed to foreign scripts (UX.md goals M13 and M14).

use super::page::{all, is_inside, spoken, told};
use super::visitor::Answer;
use poem::http::header;
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeSet;

/// Faults of a page, each as a sentence.
type Found = Vec<String>;

/// Attributes that name other elements by their ids.
const REFERENCES: &[&str] = &[
    "for",
    "form",
    "headers",
    "list",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "aria-owns",
    "aria-activedescendant",
    "aria-details",
    "aria-errormessage",
];

/// Everything about the form of a page.
pub fn check(html: &Html, answer: &Answer, region: &str, language: &str, found: &mut Found) {
    headers(answer, found);
    head(html, region, language, found);
    headings(html, found);
    ids(html, found);
    controls(html, found);
    names(html, found);
    tables_and_lists(html, found);
    nothing_inline(html, found);
    forms(html, found);
    for error in &html.errors {
        // A page that a parser has to mend is another page in every browser.
        if !error.contains("Unacknowledged self-closing tag") {
            found.push(format!("is not sound HTML: {error}"));
        }
    }
}

fn headers(answer: &Answer, found: &mut Found) {
    let policy = answer.header(header::CONTENT_SECURITY_POLICY);
    for wanted in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    {
        if !policy.split(';').any(|rule| rule.trim() == wanted) {
            found.push(format!("its policy lacks {wanted}"));
        }
    }
    if policy.contains("unsafe") || policy.contains('*') || policy.contains("data:") {
        found.push(format!("its policy is loose: {policy}"));
    }
    if answer.header(header::X_CONTENT_TYPE_OPTIONS) != "nosniff" {
        found.push("lacks X-Content-Type-Options".to_owned());
    }
    if answer.header(header::REFERRER_POLICY) != "same-origin" {
        found.push("lacks Referrer-Policy".to_owned());
    }
    if !answer.header(header::CONTENT_TYPE).ends_with("charset=utf-8") {
        found.push("does not say its character set".to_owned());
    }
}

fn head(html: &Html, region: &str, language: &str, found: &mut Found) {
    let lang = all(html, "html").first().and_then(|root| root.attr("lang")).unwrap_or_default();
    if lang != language {
        found.push(format!("says it is in {lang:?}, not {language}"));
    }
    let titles: Vec<String> = all(html, "head > title").into_iter().map(spoken).collect();
    let prefix = if language == "id" { "Kesalahan:" } else { "Error:" };
    let has_errors = !all(html, "#kesalahan").is_empty();
    match titles.as_slice() {
        [title] => {
            let rest = title.strip_prefix(prefix);
            let (own, desk) = rest.unwrap_or(title).trim().rsplit_once(" – ").unwrap_or_default();
            if own.trim().is_empty() || !desk.contains(region) {
                found.push(format!("its title is {title:?}, not «page – desk»"));
            }
            if has_errors != rest.is_some() {
                found.push(format!("its title {title:?} and its list of errors do not agree"));
            }
        }
        titles => found.push(format!("has {} titles", titles.len())),
    }
    for wanted in ["meta[name=viewport]", "meta[charset]", "link[rel=stylesheet]", "main", "header", "footer"] {
        let count = all(html, wanted).len();
        if count != 1 && !(wanted == "header" && count > 1) {
            found.push(format!("has {count} of {wanted}"));
        }
    }
    let viewport = all(html, "meta[name=viewport]").first().and_then(|meta| meta.attr("content")).unwrap_or_default();
    if viewport.contains("maximum-scale") || viewport.contains("user-scalable") {
        found.push("keeps people from zooming".to_owned());
    }
    let first = all(html, "body a, body button, body input").into_iter().next();
    if !first.and_then(|link| link.attr("href")).is_some_and(|href| href.starts_with('#')) {
        found.push("does not begin with a link that skips to the content".to_owned());
    }
    if all(html, "a[hreflang]").is_empty() {
        found.push("offers no other language".to_owned());
    }
    let has_time = !all(html, "main time").is_empty();
    let text = all(html, "body").first().map(|body| spoken(*body)).unwrap_or_default();
    if has_time && !text.split(|c: char| !c.is_alphanumeric()).any(|word| ["WIB", "WITA", "WIT"].contains(&word)) {
        found.push("shows times without their zone".to_owned());
    }
}

fn headings(html: &Html, found: &mut Found) {
    let headings = all(html, "h1, h2, h3, h4, h5, h6");
    let first: Vec<_> = headings.iter().filter(|heading| heading.value().name() == "h1").collect();
    if first.len() != 1 {
        found.push(format!("has {} h1", first.len()));
    }
    let mut before = 6;
    for heading in headings {
        let level: u32 = heading.value().name()[1..].parse().unwrap_or(6);
        let text = spoken(heading);
        if text.is_empty() {
            found.push(format!("has an empty heading {}", told(heading)));
        }
        if level > before + 1 {
            found.push(format!("leaps from h{before} to h{level} at {text:?}"));
        }
        before = level;
    }
}

fn ids(html: &Html, found: &mut Found) {
    let mut ids = BTreeSet::new();
    for element in all(html, "[id]") {
        let id = element.attr("id").unwrap_or_default();
        if id.is_empty() || id.contains(char::is_whitespace) {
            found.push(format!("has an id that is none: {}", told(element)));
        }
        if !ids.insert(id) {
            found.push(format!("has the id {id:?} twice"));
        }
    }
    for name in REFERENCES {
        for element in all(html, &format!("[{name}]")) {
            for id in element.attr(name).unwrap_or_default().split_whitespace() {
                if !ids.contains(id) {
                    found.push(format!("{name}={id:?} of {} leads nowhere", told(element)));
                }
            }
        }
    }
    for link in all(html, "a[href^='#']") {
        let id = link.attr("href").unwrap_or_default().trim_start_matches('#');
        if !ids.contains(id) {
            found.push(format!("a link to #{id} leads nowhere"));
        }
    }
}

fn controls(html: &Html, found: &mut Found) {
    let labelled: BTreeSet<&str> = all(html, "label[for]")
        .into_iter()
        .filter(|label| !spoken(*label).is_empty())
        .filter_map(|label| label.attr("for"))
        .collect();
    for control in all(html, "input, select, textarea") {
        let kind = control.attr("type").unwrap_or("text");
        if control.value().name() == "input" && matches!(kind, "hidden" | "submit" | "button" | "reset" | "image") {
            continue;
        }
        let by_id = control.attr("id").is_some_and(|id| labelled.contains(id));
        if !by_id && !is_inside(control, &["label"]) && !has_own_name(control) {
            found.push(format!("has a control without a label: {}", told(control)));
        }
        let grouped = is_inside(control, &["fieldset"])
            || control.ancestors().filter_map(ElementRef::wrap).any(|outer| outer.attr("role") == Some("radiogroup"));
        if kind == "radio" && !grouped {
            found.push(format!("has a choice outside of a group: {}", told(control)));
        }
        if control.attr("aria-invalid").is_some() && control.attr("aria-describedby").is_none() {
            found.push(format!("does not say what is wrong with {}", told(control)));
        }
    }
    for group in all(html, "fieldset") {
        let legend = Selector::parse("legend").expect("a selector");
        let named = group.select(&legend).next().is_some_and(|legend| !spoken(legend).is_empty());
        if !named && !has_own_name(group) {
            found.push(format!("has a group without a name: {}", told(group)));
        }
    }
}

fn has_own_name(element: ElementRef<'_>) -> bool {
    ["aria-label", "aria-labelledby"].iter().any(|name| element.attr(name).is_some_and(|text| !text.trim().is_empty()))
}

fn names(html: &Html, found: &mut Found) {
    for element in all(html, "a[href], button, summary, [role=button]") {
        if spoken(element).is_empty() && !has_own_name(element) {
            found.push(format!("has something to press without a name: {}", told(element)));
        }
        if is_inside(element, &["a", "button"]) {
            found.push(format!("has something to press inside another: {}", told(element)));
        }
    }
    for picture in all(html, "img") {
        if picture.attr("alt").is_none() {
            found.push(format!("has a picture without a text: {}", told(picture)));
        }
    }
    for picture in all(html, "svg") {
        let title = Selector::parse("title").expect("a selector");
        let is_named =
            picture.attr("role") == Some("img") && (has_own_name(picture) || picture.select(&title).next().is_some());
        if picture.attr("aria-hidden") != Some("true") && !is_named {
            found.push(format!("has a drawing without a text: {}", told(picture)));
        }
    }
    let landmarks = all(html, "nav");
    if landmarks.len() > 1 {
        let mut known = BTreeSet::new();
        for nav in landmarks {
            let name = nav.attr("aria-label").or(nav.attr("aria-labelledby")).unwrap_or_default();
            if name.is_empty() || !known.insert(name) {
                found.push(format!("has two navigations of the same name {name:?}"));
            }
        }
    }
}

fn tables_and_lists(html: &Html, found: &mut Found) {
    for table in all(html, "table") {
        let heads = Selector::parse("th[scope]").expect("a selector");
        if table.select(&heads).next().is_none() {
            found.push(format!("has a table without heads: {}", told(table)));
        }
    }
    for box_ in all(html, ".scroll") {
        if box_.attr("tabindex") != Some("0") || box_.attr("role") != Some("region") || !has_own_name(box_) {
            found.push(format!("has a part that scrolls and is no named region: {}", told(box_)));
        }
    }
    for child in all(html, "ul > *, ol > *") {
        if !matches!(child.value().name(), "li" | "template") {
            found.push(format!("has {} right inside a list", told(child)));
        }
    }
    for child in all(html, "dl > *") {
        if !matches!(child.value().name(), "dt" | "dd" | "div") {
            found.push(format!("has {} right inside a list of terms", told(child)));
        }
    }
}

fn nothing_inline(html: &Html, found: &mut Found) {
    for element in all(html, "*") {
        for (name, value) in element.value().attrs() {
            if name.starts_with("on") || name == "style" {
                found.push(format!("has an inline {name} at {}", told(element)));
            }
            if value.trim_start().to_ascii_lowercase().starts_with("javascript:") {
                found.push(format!("has a script in {name} of {}", told(element)));
            }
        }
        match element.value().name() {
            "style" | "iframe" | "object" | "embed" | "base" => found.push(format!("has {}", told(element))),
            "script"
                if !element.attr("src").is_some_and(|src| src.starts_with("/aset/"))
                    || !spoken_raw(element).is_empty() =>
            {
                found.push("has a script that is not a file of ours".to_owned());
            }
            "script" if element.attr("defer").is_none() && element.attr("type") != Some("module") => {
                found.push("has a script that holds up the page".to_owned());
            }
            _ => {}
        }
        if element.attr("tabindex").and_then(|index| index.parse::<i32>().ok()).is_some_and(|index| index > 0) {
            found.push(format!("changes the order of the keys at {}", told(element)));
        }
        if element.attr("target") == Some("_blank") {
            found.push(format!("opens a window at {}", told(element)));
        }
    }
    if all(html, "[autofocus]").len() > 1 {
        found.push("puts the focus in two places".to_owned());
    }
}

fn spoken_raw(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

fn forms(html: &Html, found: &mut Found) {
    for form in all(html, "form") {
        let method = form.attr("method").unwrap_or("get").to_ascii_lowercase();
        let action = form.attr("action").unwrap_or_default();
        if !(action.is_empty() || action.starts_with('/') || action.starts_with('?')) || action.starts_with("//") {
            found.push(format!("sends a form to {action}"));
        }
        let select = |selector: &str| form.select(&Selector::parse(selector).expect("a selector")).count();
        let csrf = Selector::parse("input[type=hidden][name=_csrf]").expect("a selector");
        let token = form.select(&csrf).next().and_then(|input| input.attr("value")).unwrap_or_default();
        match method.as_str() {
            "post" if token.len() < 16 => found.push(format!("has a form without a token: {}", told(form))),
            "get" if select("[name=_csrf], [type=password]") > 0 => {
                found.push(format!("has a form that puts secrets into its address: {}", told(form)));
            }
            "get" | "post" | "dialog" => {}
            other => found.push(format!("has a form with the method {other}")),
        }
        if select("input[type=file]") > 0 && form.attr("enctype") != Some("multipart/form-data") {
            found.push(format!("has a form that loses its files: {}", told(form)));
        }
        if method != "dialog" && select("button:not([type=button]), input[type=submit]") == 0 {
            found.push(format!("has a form without a button: {}", told(form)));
        }
    }
}
