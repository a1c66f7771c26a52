//! What is printed: the heading and the number are there, tools and colours are not.

use browser::{Chrome, Demo, Tab};
use serde_json::json;

/// Elements of a page that take room on paper.
async fn printed(tab: &Tab, selector: &str) -> i64 {
    let told = tab
        .ask(&format!(
            "[...document.querySelectorAll({})].filter(it => it.getClientRects().length).length",
            json!(selector)
        ))
        .await;
    told.as_i64().expect("a count")
}

async fn on_paper(tab: &Tab, number: &str, most: usize) {
    tab.cdp(
        "Emulation.setEmulatedMedia",
        json!({"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]}),
    )
    .await;
    assert_eq!(printed(tab, "h1").await, 1);
    assert_eq!(printed(tab, "nav, main form, .foot, .back, #kabar, .skip").await, 0);
    assert!(tab.text().await.contains(number), "the number is missing");
    let ground =
        tab.ask("getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color").await;
    assert_eq!(ground, "rgb(255, 255, 255)rgb(0, 0, 0)", "dark devices print black on white too");
    let pdf = tab.pdf().await;
    assert!(pdf.starts_with(b"%PDF-"));
    let pages = String::from_utf8_lossy(&pdf).matches("/Type /Page\n").count();
    assert!((1..=most).contains(&pages), "{pages} pages");
    tab.cdp("Emulation.setEmulatedMedia", json!({"media": ""})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_and_a_confirmation_can_be_printed() {
    let (demo, chrome) = (Demo::start("oki"), Chrome::start());
    let tab = chrome.tab(&demo.base).await;
    tab.open("/").await;
    tab.begin_report("siti@contoh.id").await;
    let (sent, number, code) = tab.send_report().await;
    tab.open(&sent).await;
    on_paper(&tab, &number, 2).await;
    assert!(tab.text().await.contains(&code), "the code is missing");
    tab.sign_in("superadmin@demo.test").await;
    // Also for somebody who likes it dark.
    tab.cdp("Network.setCookie", json!({"name": "tema", "value": "gelap", "url": demo.base})).await;
    tab.open("/kerja/antrean?status=selesai").await;
    let number = tab.ask("document.querySelector('.queue a[href^=\"/kerja/tiket/\"]').pathname.split('/')[3]").await;
    let number = number.as_str().expect("a number").to_owned();
    for page in ["", "/riwayat", "/batas"] {
        tab.open(&format!("/kerja/tiket/{number}{page}")).await;
        on_paper(&tab, &number, 4).await;
    }
    tab.close().await;
}
