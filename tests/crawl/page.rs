//! A page read once: what leads on from it, what can be filled in.

use super::visitor::Sent;
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeSet;

/// What a walk keeps of a page.
#[derive(Debug, Default)]
pub struct Page {
    /// Addresses it links to.
    pub links: Vec<String>,
    /// Ids on it.
    pub ids: BTreeSet<String>,
    pub forms: Vec<Form>,
}

/// A form on a page.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    pub is_post: bool,
    pub in_parts: bool,
    pub in_main: bool,
    pub controls: Vec<Control>,
}

/// Something with a name that a form sends.
#[derive(Debug, Clone)]
pub struct Control {
    pub name: String,
    /// `hidden`, `text`, `radio`, `checkbox`, `select`, `textarea`, `file`, `button` …
    pub kind: String,
    pub value: String,
    /// A radio button or box that is set.
    pub is_set: bool,
    /// Values of a select.
    pub options: Vec<String>,
}

impl Control {
    /// A person writes into it.
    pub fn is_written(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "text" | "email" | "tel" | "password" | "search" | "textarea" | "date" | "number" | "url"
        )
    }
}

impl Form {
    /// What a browser sends when nothing is touched, and the first button is pressed.
    pub fn untouched(&self) -> Sent {
        let mut button = false;
        let sends = |control: &&Control| match control.kind.as_str() {
            "radio" | "checkbox" => control.is_set,
            "file" => false,
            "button" => !std::mem::replace(&mut button, true),
            _ => true,
        };
        let fields = self.controls.iter().filter(sends).map(|control| (control.name.clone(), control.value.clone()));
        Sent { action: self.action.clone(), in_parts: self.in_parts, fields: fields.collect() }
    }
}

/// All elements that fit a selector.
pub fn all<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).expect("a selector")).collect()
}

/// Text of an element without what is hidden from everybody who listens, with single blanks.
pub fn spoken(element: ElementRef<'_>) -> String {
    fn walk(element: ElementRef<'_>, into: &mut String) {
        for child in element.children() {
            if let Some(text) = child.value().as_text() {
                into.push_str(text);
            } else if let Some(inner) = ElementRef::wrap(child) {
                let name = inner.value().name();
                if inner.attr("aria-hidden") != Some("true") && !matches!(name, "script" | "style" | "template") {
                    into.push(' ');
                    into.push_str(inner.attr("alt").filter(|_| name == "img").unwrap_or_default());
                    walk(inner, into);
                    into.push(' ');
                }
            }
        }
    }
    let mut text = String::new();
    walk(element, &mut text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How an element is told to a person who reads a list of faults.
pub fn told(element: ElementRef<'_>) -> String {
    let mut text = format!("<{}", element.value().name());
    for name in ["id", "name", "class", "href", "type"] {
        if let Some(value) = element.attr(name) {
            text.push_str(&format!(" {name}={value:?}"));
        }
    }
    text + ">"
}

/// Is there such an element around it?
pub fn is_inside(element: ElementRef<'_>, names: &[&str]) -> bool {
    element.ancestors().filter_map(ElementRef::wrap).any(|outer| names.contains(&outer.value().name()))
}

impl Page {
    /// Reads the page that stands at `address`.
    pub fn read(html: &Html, address: &str) -> Self {
        let links = all(html, "a[href], link[href], script[src], img[src]");
        let links = links
            .iter()
            .filter_map(|link| link.attr("href").or(link.attr("src")))
            .map(|href| resolve(address, href))
            .collect();
        let ids = all(html, "[id]").iter().filter_map(|element| element.attr("id")).map(str::to_owned).collect();
        let forms = all(html, "form").into_iter().map(|form| read_form(html, form, address)).collect();
        Self { links, ids, forms }
    }
}

fn read_form(html: &Html, form: ElementRef<'_>, address: &str) -> Form {
    let id = form.attr("id");
    let mine = |element: &ElementRef<'_>| match element.attr("form") {
        Some(owner) => Some(owner) == id,
        None => element.ancestors().any(|outer| outer.id() == form.id()),
    };
    let controls = all(html, "input[name], select[name], textarea[name], button[name]");
    let controls: Vec<Control> = controls.into_iter().filter(mine).map(read_control).collect();
    Form {
        action: resolve(address, form.attr("action").unwrap_or_default()),
        is_post: form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
        in_parts: form.attr("enctype") == Some("multipart/form-data"),
        in_main: is_inside(form, &["main"]),
        controls,
    }
}

fn read_control(element: ElementRef<'_>) -> Control {
    let name = element.attr("name").unwrap_or_default().to_owned();
    let tag = element.value().name();
    let options = Selector::parse("option").expect("a selector");
    let options: Vec<ElementRef<'_>> = element.select(&options).collect();
    let value_of = |option: &ElementRef<'_>| option.attr("value").map_or_else(|| spoken(*option), str::to_owned);
    let chosen = options.iter().find(|option| option.attr("selected").is_some()).or(options.first());
    Control {
        name,
        kind: if tag == "input" { element.attr("type").unwrap_or("text").to_owned() } else { tag.to_owned() },
        value: match tag {
            "select" => chosen.map(value_of).unwrap_or_default(),
            "textarea" => element.text().collect(),
            _ if element.attr("value").is_none() && element.attr("type") == Some("checkbox") => "on".to_owned(),
            _ => element.attr("value").unwrap_or_default().to_owned(),
        },
        is_set: element.attr("checked").is_some(),
        options: options.iter().map(value_of).collect(),
    }
}

/// An address on a page as seen from the root; addresses of other sites stay as they are.
pub fn resolve(page: &str, href: &str) -> String {
    let path = page.split(['?', '#']).next().unwrap_or_default();
    if let Some(rest) = href.strip_prefix("http://desk.test") {
        return if rest.is_empty() { "/".to_owned() } else { rest.to_owned() };
    }
    match href {
        "" => page.to_owned(),
        _ if href.starts_with('/') || href.contains(':') => href.to_owned(),
        _ if href.starts_with('?') => format!("{path}{href}"),
        _ if href.starts_with('#') => format!("{}{href}", page.split('#').next().unwrap_or_default()),
        _ => format!("{}/{href}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
    }
}
