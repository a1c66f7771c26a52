//! Addresses and states that no link leads to: the steps of a report, a ticket followed by its code, pages that refuse.

use crate::Tab;
use serde_json::{Value, json};

/// A page to look at, and the form that is sent from it first, if any: its selector and what is written over.
#[derive(Debug, Clone)]
pub struct Seed {
    /// What it is called among the faults.
    pub kind: &'static str,
    /// Its address.
    pub path: String,
    /// The form that leads to the state which is looked at.
    pub sent: Option<(&'static str, Value)>,
}

impl Seed {
    fn at(kind: &'static str, path: impl Into<String>) -> Self {
        Self { kind, path: path.into(), sent: None }
    }

    fn sent(kind: &'static str, path: impl Into<String>, form: &'static str, fields: Value) -> Self {
        Self { kind, path: path.into(), sent: Some((form, fields)) }
    }
}

impl Tab {
    /// Sends the form of a page behind the scenes and gives path and query of where it leads.
    pub async fn fill(&self, page: &str, form: &str, fields: Value) -> String {
        let told = self
            .ask(&format!(
                "fetch({page}).then(it => it.text()).then(text => {{ \
                 const form = new DOMParser().parseFromString(text, 'text/html').querySelector({form}); \
                 const sent = new URLSearchParams(new FormData(form)); sent.delete('file'); \
                 for (const [name, value] of Object.entries({fields})) sent.set(name, value); \
                 return fetch(form.getAttribute('action'), {{method: 'POST', body: sent}}); }}) \
                 .then(it => it.status + ' ' + it.url.slice(location.origin.length))",
                page = json!(page),
                form = json!(form),
            ))
            .await;
        let told = told.as_str().unwrap_or_default();
        let (status, path) = told.split_once(' ').unwrap_or_else(|| panic!("{page} {form}: {told}"));
        assert_eq!(status, "200", "{page} {form} leads to {path}");
        path.to_owned()
    }

    /// Sends the form of the page that is open, as it is but for some fields, and waits for the answer.
    pub async fn send_open(&self, form: &str, fields: &Value) {
        self.ask(&format!(
            "(() => {{ window.before = true; const form = document.querySelector({}); \
             for (const [name, value] of Object.entries({fields})) {{ \
             const field = form.elements[name]; if (field) field.value = value; \
             else {{ const it = document.createElement('input'); it.type = 'hidden'; it.name = name; it.value = value; form.append(it); }} }} \
             HTMLFormElement.prototype.submit.call(form); }})()",
            json!(form)
        ))
        .await;
        self.until("the form is not answered", async || {
            self.ask("!window.before && document.readyState === 'complete'").await == true
        })
        .await;
    }

    /// Goes through the first steps of a report; nothing is sent yet.
    pub async fn begin_report(&self, email: &str) {
        self.fill("/lapor", "main form", json!({"kind": "incident", "service": ""})).await;
        let words = json!({"subject": "SIMPUS mati", "description": "Layar kosong sejak pagi.", "impact": "limited"});
        self.fill("/lapor/uraian", "main form", words).await;
        self.fill("/lapor/kontak", "main form", json!({"name": "Siti Aminah", "email": email})).await;
    }

    /// Sends the report: the address of its confirmation, its number and its code.
    pub async fn send_report(&self) -> (String, String, String) {
        let sent = self.fill("/lapor/periksa", "main form", json!({})).await;
        let number = sent.rsplit('/').next().unwrap_or_default().to_owned();
        self.open(&sent).await;
        let code = self.ask("document.querySelectorAll('.ticket-slip .number')[1].textContent.trim()").await;
        (sent, number, code.as_str().expect("a code").to_owned())
    }
}

/// What somebody sees who reports without an account; `office` solves his ticket meanwhile.
pub async fn of_reporter(tab: &Tab, office: &Tab) -> Vec<Seed> {
    tab.open("/").await;
    tab.begin_report("siti@contoh.id").await;
    let (sent, number, code) = tab.send_report().await;
    // Another one is left where it stands.
    tab.begin_report("siti@contoh.id").await;
    tab.open(&format!("/lacak/{number}?kode={code}")).await;
    office.fill(&format!("/kerja/tiket/{number}/selesaikan"), "main form", json!({"solution": "Sudah pulih."})).await;
    let followed = format!("/lacak/{number}");
    vec![
        Seed::at("/lapor/uraian", "/lapor/uraian"),
        Seed::sent(
            "/lapor/uraian that complains",
            "/lapor/uraian",
            "main form",
            json!({"subject": "", "description": ""}),
        ),
        Seed::at("/lapor/kontak", "/lapor/kontak"),
        Seed::at("/lapor/terkirim", sent),
        Seed::at("/lacak/:number", followed.clone()),
        Seed::sent(
            "/lacak/:number that complains",
            followed.clone(),
            "main form[action$='/balas']",
            json!({"body": " "}),
        ),
        Seed::at("/lacak/:number/nilai", format!("{followed}/nilai")),
        Seed::sent("/lacak/:number/nilai that complains", format!("{followed}/nilai"), "main form", json!({})),
        Seed::at("/lacak/:number/buka-lagi", format!("{followed}/buka-lagi")),
        Seed::sent("/lacak that complains", "/lacak", "main form", json!({"number": "OKI-1"})),
        Seed::at("404", "/tidak/ada"),
        // Last, since the complaints above have emptied the draft.
        Seed::sent("/lapor that complains", "/lapor", "main form", json!({"service": "tidak-ada"})),
    ]
}

/// What somebody sees who follows his tickets with an account.
pub async fn of_citizen(tab: &Tab) -> Vec<Seed> {
    tab.begin_report("warga@demo.test").await;
    let (_, number, _) = tab.send_report().await;
    vec![Seed::at("/tiket-saya/:number", format!("/tiket-saya/{number}")), Seed::at("403", "/kerja/audit")]
}

/// What an officer meets: a ticket that has changed meanwhile, a form to be mended, a round that has ended, no page.
pub async fn of_office(tab: &Tab) -> Vec<Seed> {
    tab.open("/kerja/antrean").await;
    let number = tab.ask("document.querySelector('.queue a[href^=\"/kerja/tiket/\"]').pathname.split('/')[3]").await;
    let ticket = format!("/kerja/tiket/{}", number.as_str().expect("a number"));
    let round = tab.fill("/kerja/antrean", "form[action$='/berurutan']", json!({})).await;
    let round = round.split("putaran=").nth(1).expect("a round").to_owned();
    let first = tab.fill(&format!("{ticket}?putaran={round}"), "form[action$='/akhiri']", json!({})).await;
    vec![
        Seed::at("/kerja/antrean/berurutan/:id", first),
        Seed::sent("409", ticket.clone(), "form[action$='/balas']", json!({"versi": "0", "body": "Kami periksa."})),
        Seed::sent("422", format!("{ticket}/selesaikan"), "main form", json!({"solution": ""})),
        Seed::at("404 of the staff", "/kerja/tiket/OKI-2611-00099-9"),
    ]
}
