//! Layer 0 of the proof of the pages: no browser. Everybody follows every link of the demo region in both
//! languages, and every page met on the way is looked at: ids, labels, headings, titles, words, forms, headers.
//!
//! Pages are found by links, not by a list: a new page is looked at as soon as something leads to it, and a page
//! that nothing leads to is a fault of its own. All faults are told at once, each with page and element.
//! What needs a browser stands in `tests/browser`.

mod colours;
mod faults;
mod filling;
mod map;
mod page;
mod region;
mod shape;
mod visitor;
mod walk;
mod weight;
pub mod words;

use faults::Faults;
use region::{IN_A_PROCEDURE, PEOPLE, Region};
use std::collections::BTreeSet;
use std::sync::Arc;
use walk::Walk;

/// Addresses nothing leads to, since they are mailed, belong to somebody else's server, or to the script.
const REACHED_FROM_OUTSIDE: &[&str] = &[
    "/konfirmasi/:number/:mark",
    "/masuk/:token",
    "/masuk/kode",
    "/masuk/surel",
    "/masuk/sso",
    "/masuk/sso/kembali",
    "/kerja/kabar",
    // On the private listener.
    "/metrics",
    // A form begins a round, or has taken down what a caller said.
    "/kerja/antrean/berurutan/:id",
    "/kerja/tiket/:number/kode",
    // The walk opens other tickets than those that came by mail (`mail_edges` opens it), and articles without files.
    "/kerja/tiket/:number/surel/:id",
    "/pengetahuan/:slug/lampiran/:id",
    // This region's rules do not let tickets go back.
    "/kerja/tiket/:number/kembalikan",
    // Mailed, or only for a ticket of one's own that has been solved.
    "/status/langganan/:mark",
    "/l/:token",
    "/lacak/:number/buka-lagi",
    "/lacak/:number/nilai",
    "/tiket-saya/:number",
    "/tiket-saya/:number/buka-lagi",
    "/tiket-saya/:number/lampiran/:id",
    "/tiket-saya/:number/nilai",
    "/tiket-saya/tautan",
    // No incident of many runs in the demo.
    "/gangguan/:code",
    "/gangguan/:code/kabar/:mark",
    // No address is on the allow-list of the demo, so it has none.
    "/kerja/pengaturan/webhook/:id",
    // The walk reports without files.
    "/lacak/:number/lampiran/:id",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_everybody_is_sound_in_both_languages() {
    let (mut faults, mut reached) = (Faults::default(), BTreeSet::new());
    let region = Arc::new(Region::new("oki", 24).await);
    let pages = walk_through(&region, PEOPLE, &mut faults, &mut reached).await;
    // Shorter, through a region whose law knows a warning procedure.
    let other = Arc::new(Region::new("sumut", 6).await);
    let in_all = pages + walk_through(&other, IN_A_PROCEDURE, &mut faults, &mut reached).await;
    for route in region.map.pages() {
        if !reached.contains(route) && !REACHED_FROM_OUTSIDE.contains(&route) {
            faults.note(route, "nothing leads here", "nobody", "");
        }
    }
    assert!(pages > 300, "only {pages} pages were looked at");
    assert!(faults.is_empty(), "{in_all} pages were looked at\n{faults}");
}

/// Everybody walks in both languages; gives how many pages were looked at.
async fn walk_through(
    region: &Arc<Region>,
    people: &'static [(&str, &str)],
    faults: &mut Faults,
    reached: &mut BTreeSet<String>,
) -> usize {
    let mut walks = Vec::new();
    for person in people {
        for language in ["id", "en"] {
            let region = region.clone();
            walks.push(tokio::spawn(async move {
                let mut walk = Walk::begin(&region, *person, language).await;
                walk.follow_everything().await;
                walk
            }));
        }
    }
    let mut pages = 0;
    let mut done = Vec::new();
    for walk in walks {
        let mut walk = walk.await.expect("a walk that panics has met a defect of the test");
        walk.hold_fragments();
        pages += walk.pages();
        reached.extend(walk.reached());
        done.push(walk);
    }
    // Only now, since a form that was accepted changes what others see.
    for walk in &mut done {
        walk.send_empty_forms().await;
        faults.take(walk.faults());
    }
    pages
}
