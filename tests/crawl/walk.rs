//! One person's way through all pages that can be reached by links, in one language.

use super::faults::Faults;
use super::filling;
use super::page::{Form, Page};
use super::region::Region;
use super::visitor::{Answer, Sent, Visitor, encoded};
use super::{shape, words};
use meja::desk::demo::PASSWORD;
use scraper::Html;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Pages of one kind that are looked at; with other questions in the address it is another kind.
const OF_A_KIND: usize = 3;
/// Most steps until a report is sent.
const LONGEST_REPORT: usize = 9;

/// A walk with what it has met.
pub struct Walk {
    region: Arc<Region>,
    who: String,
    language: &'static str,
    visitor: Visitor,
    ahead: VecDeque<(String, String)>,
    known: BTreeSet<String>,
    kinds: BTreeMap<String, usize>,
    reached: BTreeSet<String>,
    ids: BTreeMap<String, BTreeSet<String>>,
    fragments: BTreeSet<(String, String, String)>,
    tried: BTreeSet<String>,
    empties: Vec<(String, Sent)>,
    faults: Faults,
}

impl Walk {
    /// Signs in and stands at the start page.
    pub async fn begin(region: &Arc<Region>, (role, email): (&str, &str), language: &'static str) -> Self {
        let mut visitor = Visitor::at(&region.desk);
        visitor.set("bahasa", language);
        if !email.is_empty() {
            sign_in(&mut visitor, email).await;
        }
        let ahead = ["/", "/kerja", "/akun"].map(|address| (address.to_owned(), "the browser".to_owned()));
        Self {
            region: region.clone(),
            who: format!("{role} ({language})"),
            language,
            visitor,
            ahead: ahead.into_iter().take(if email.is_empty() { 1 } else { 3 }).collect(),
            known: BTreeSet::new(),
            kinds: BTreeMap::new(),
            reached: BTreeSet::new(),
            ids: BTreeMap::new(),
            fragments: BTreeSet::new(),
            tried: BTreeSet::new(),
            empties: Vec::new(),
            faults: Faults::default(),
        }
    }

    /// Follows every link, sends a report, and follows every link from there.
    pub async fn follow_everything(&mut self) {
        if self.who.starts_with("system") || self.who.starts_with("reporter") {
            // Not of the work pages: `/kerja` refuses the reporter, with a page that is looked at.
            self.refused("/kerja/antrean").await;
        }
        self.refused("/tidak/ada").await;
        self.drain().await;
        self.report().await;
        self.drain().await;
    }

    /// Every form a person writes into, sent with nothing written.
    pub async fn send_empty_forms(&mut self) {
        for (page, form) in std::mem::take(&mut self.empties) {
            let answer = self.visitor.send_form(&form).await;
            let status = answer.status.as_u16();
            if !matches!(status, 200 | 303 | 403 | 404 | 409 | 422 | 429) {
                self.note(&form.action, format!("an empty form is answered with {status}"), &page);
            }
            if answer.is_page() {
                self.look(&answer);
            }
        }
    }

    /// Links to a place on another page lead to a place that is there.
    pub fn hold_fragments(&mut self) {
        for (from, page, fragment) in std::mem::take(&mut self.fragments) {
            if self.ids.get(&page).is_some_and(|ids| !ids.contains(&fragment)) {
                self.note(&from, format!("leads to #{fragment}, which {page} does not have"), &from);
            }
        }
    }

    pub fn pages(&self) -> usize {
        self.ids.len()
    }

    pub fn reached(&self) -> impl Iterator<Item = String> {
        self.reached.iter().cloned()
    }

    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    async fn drain(&mut self) {
        while let Some((address, from)) = self.ahead.pop_front() {
            let answer = self.visitor.get(&address).await;
            self.reached.insert(self.region.map.pattern(path(&address)));
            self.reached.insert(self.region.map.pattern(path(&answer.address)));
            let (status, is_reporter) = (answer.status.as_u16(), self.who.starts_with("reporter"));
            // Whoever is not of the staff is told so.
            if status != 200 && !(status == 403 && is_reporter && address == "/kerja") {
                self.note(&address, format!("answers {status} (linked on {})", self.kind(&from)), &address);
            }
            if answer.is_page() {
                self.meet(&answer).await;
            }
        }
    }

    /// A page that has to say no.
    async fn refused(&mut self, address: &str) {
        let answer = self.visitor.get(address).await;
        if answer.is_page() {
            self.look(&answer);
        }
    }

    /// Looks at a page and notes what leads on from it.
    async fn meet(&mut self, answer: &Answer) {
        let page = self.look(answer);
        for link in &page.links {
            self.plan(link, &answer.address);
        }
        for form in &page.forms {
            self.consider(form, &answer.address).await;
        }
        self.ids.insert(whole(&answer.address), page.ids);
    }

    fn look(&mut self, answer: &Answer) -> Page {
        let text = answer.text();
        let html = Html::parse_document(&text);
        let mut found = Vec::new();
        shape::check(&html, answer, &self.region.desk.pack().region.name, self.language, &mut found);
        words::check(&html, &self.region.keys, self.language, &mut found);
        // Whoever writes ready-made answers is shown their variables.
        found.retain(|what: &String| !(answer.address.starts_with("/kerja/makro") && what.contains("{{")));
        for what in found {
            self.note(&answer.address, what, &answer.address);
        }
        Page::read(&html, &answer.address)
    }

    fn plan(&mut self, link: &str, from: &str) {
        // The API has pages of somebody else's making.
        if !link.starts_with('/') || link.starts_with("//") || link.starts_with("/api/") {
            return;
        }
        if let Some(what) = words::bare_id(link) {
            self.note(from, what, from);
        }
        if let Some((page, fragment)) = link.split_once('#') {
            let page = whole(if page.is_empty() { from } else { page });
            self.fragments.insert((from.to_owned(), page, fragment.to_owned()));
        }
        let address = link.split('#').next().unwrap_or_default().to_owned();
        let questions: Vec<(&str, &str)> = questions(&address);
        if questions.iter().any(|(name, _)| *name == "bahasa") || !self.known.insert(address.clone()) {
            return;
        }
        let asked: BTreeSet<&str> =
            questions.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| *name).collect();
        let kind = format!("{} {asked:?}", self.kind(&address));
        let count = self.kinds.entry(kind).or_default();
        *count += 1;
        if *count <= OF_A_KIND {
            self.ahead.push_back((address, from.to_owned()));
        }
    }

    /// What a form is good for, without changing anything.
    async fn consider(&mut self, form: &Form, page: &str) {
        let kind = format!("{} {}", self.kind(page), self.kind(&form.action));
        if !form.is_post {
            let query = encoded(&form.untouched().fields);
            self.plan(&format!("{}?{query}", path(&form.action)), page);
            return;
        }
        if !self.region.map.takes_forms(path(&form.action)) {
            self.note(page, format!("sends a form to {}, which takes none", self.kind(&form.action)), page);
            return;
        }
        if !self.tried.insert(kind) {
            return;
        }
        let mut forged = form.untouched();
        for (_, value) in forged.fields.iter_mut().filter(|(name, _)| name == "_csrf") {
            *value = "salah".to_owned();
        }
        let status = self.visitor.send_form(&forged).await.status.as_u16();
        if status != 403 {
            let action = self.kind(&form.action);
            self.note(page, format!("a forged form to {action} is answered with {status}, not 403"), page);
        }
        if let Some(sent) = filling::emptied(form) {
            self.empties.push((page.to_owned(), sent));
        }
    }

    /// Reports something, however many pages that takes, and looks at each.
    async fn report(&mut self) {
        let mut answer = self.visitor.get("/lapor").await;
        for _ in 0..LONGEST_REPORT {
            let pattern = self.region.map.pattern(path(&answer.address));
            self.reached.insert(pattern.clone());
            self.meet(&answer).await;
            if pattern.contains("terkirim") {
                return self.hold_number(&answer);
            }
            let html = answer.text();
            let page = Page::read(&Html::parse_document(&html), &answer.address);
            // The form of the step is the one with the most to fill in; small ones add or take away a file.
            let forms = page.forms.iter().filter(|form| form.is_post && form.in_main);
            let Some(form) = forms.max_by_key(|form| form.controls.len()) else { break };
            let at = answer.address.clone();
            answer = self.visitor.post(&filling::sensible(form)).await;
            if answer.status.as_u16() != 200 {
                self.note(&at, format!("a sensible form is answered with {}", answer.status.as_u16()), &at);
                return self.meet(&answer).await;
            }
        }
        self.note("/lapor", "the report could not be sent".to_owned(), &answer.address.clone());
    }

    fn hold_number(&mut self, answer: &Answer) {
        let number = path(&answer.address).rsplit('/').next().unwrap_or_default();
        if !answer.text().contains(number) {
            self.note(&answer.address, "does not show the number of the ticket".to_owned(), &answer.address);
        }
    }

    fn kind(&self, address: &str) -> String {
        self.region.map.pattern(path(address))
    }

    fn note(&mut self, at: &str, what: String, address: &str) {
        let pattern = self.kind(at);
        self.faults.note(&pattern, what, &self.who, address);
    }
}

/// Signs in by the form.
pub async fn sign_in(visitor: &mut Visitor, email: &str) {
    let answer = visitor.get("/masuk").await;
    let page = Page::read(&Html::parse_document(&answer.text()), &answer.address);
    let form = page.forms.iter().find(|form| form.controls.iter().any(|control| control.kind == "password"));
    let mut sent = form.expect("a form for a password").untouched();
    for (name, value) in &mut sent.fields {
        match name.as_str() {
            "email" => *value = email.to_owned(),
            "password" => *value = PASSWORD.to_owned(),
            _ => {}
        }
    }
    let answer = visitor.send_form(&sent).await;
    assert_eq!(answer.status.as_u16(), 303, "{email} cannot sign in");
}

fn path(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

fn whole(address: &str) -> String {
    address.split('#').next().unwrap_or_default().to_owned()
}

fn questions(address: &str) -> Vec<(&str, &str)> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect()
}
