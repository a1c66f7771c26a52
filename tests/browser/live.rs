//! What the script adds: news that move nothing, keys, dialogs, filters that answer on their own.

use browser::{Chrome, Demo, Tab};
use thirtyfour::Key;

async fn report(tab: &Tab, subject: &str) -> String {
    let body =
        serde_json::json!({"subject": subject, "description": "Sejak pagi", "kind": "incident", "agency": "DINKES"});
    let number = tab
        .ask(&format!(
            "fetch('/api/v1/tickets', {{method: 'POST', headers: {{Authorization: 'Bearer demo-dinkes', 'Content-Type': 'application/json'}}, \
             body: JSON.stringify({body})}}).then(it => it.json()).then(it => it.number)"
        ))
        .await;
    number.as_str().expect("a number").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_are_offered_and_move_nothing() {
    let (demo, chrome) = (Demo::start("oki"), Chrome::start());
    let tab = chrome.tab(&demo.base).await;
    tab.sign_in("superadmin@demo.test").await;
    tab.open("/kerja/antrean").await;
    let before = tab.ask("document.querySelector('.queue tbody').innerText").await;
    let number = report(&tab, "Baru sekali").await;
    tab.find("#kabar button").await;
    assert_eq!(tab.ask("document.querySelector('#kabar').innerText").await, "Tampilkan 1 tiket baru");
    assert_eq!(tab.ask("document.querySelector('.queue tbody').innerText").await, before, "nothing moves by itself");
    tab.press("#kabar button").await;
    tab.shows(&number).await;
    tab.until("the offer stays", async || !tab.has("#kabar button").await).await;

    // On a ticket what somebody writes stays, and may be sent afterwards.
    tab.open(&format!("/kerja/tiket/{number}")).await;
    tab.write("form[action$='/balas'] textarea", "Sedang saya tulis").await;
    let noted = format!(
        "fetch('/api/v1/tickets/{number}/messages', {{method: 'POST', headers: {{Authorization: 'Bearer demo-dinkes', 'Content-Type': 'application/json'}}, \
         body: JSON.stringify({{body: 'Catatan rekan', visibility: 'internal'}})}}).then(it => it.status)"
    );
    assert_eq!(tab.ask(&noted).await, 201);
    tab.find("#kabar button").await;
    assert_eq!(tab.ask("document.querySelector('#kabar').innerText").await, "Tampilkan 1 pembaruan");
    tab.press("#kabar button").await;
    tab.shows("Catatan rekan").await;
    assert_eq!(tab.ask("document.querySelector(\"form[action$='/balas'] textarea\").value").await, "Sedang saya tulis");
    tab.press("form[action$='/balas'] button.main").await;
    tab.until("the answer is not kept", async || tab.path().await.contains("kabar=")).await;
    tab.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_walk_open_and_can_be_switched_off() {
    let (demo, chrome) = (Demo::start("oki"), Chrome::start());
    let tab = chrome.tab(&demo.base).await;
    tab.sign_in("superadmin@demo.test").await;
    tab.open("/kerja").await;
    tab.keys("ga").await;
    tab.shows_path("/kerja/antrean").await;
    let row =
        "[...document.querySelectorAll('.queue tbody tr')].findIndex(row => row.contains(document.activeElement))";
    tab.find(".queue tbody tr").await;
    tab.keys("jjk").await;
    assert_eq!(tab.ask(row).await, 0);
    tab.keys("j").await;
    assert_eq!(tab.ask(row).await, 1);
    tab.keys("x").await;
    assert_eq!(tab.ask("document.querySelectorAll('.queue :checked').length").await, 1);
    tab.keys("/").await;
    assert_eq!(tab.ask("document.activeElement.type").await, "search");
    tab.keys("jx").await;
    assert_eq!(tab.ask("document.activeElement.value").await, "jx", "in a field keys are letters");
    tab.until("the filter does not answer", async || tab.path().await.contains("cari=jx")).await;
    assert_eq!(tab.ask("document.activeElement.type").await, "search", "the focus stays where it was");

    tab.open("/kerja/antrean").await;
    tab.keys("j?").await;
    tab.find("dialog[open] h1").await;
    let faults = tab.axe().await;
    assert!(faults.is_empty(), "{faults:#?}");
    tab.keys(Key::Escape + "").await;
    assert_eq!(tab.ask(row).await, 0, "the focus comes back");
    tab.keys(Key::Enter + "").await;
    tab.shows_path("/kerja/tiket/").await;

    tab.open("/akun").await;
    tab.press("input[name=pintasan][value=mati]").await;
    tab.press("form[action='/akun/tampilan'] button").await;
    tab.find(".banner.ok").await;
    tab.open("/kerja/antrean").await;
    tab.keys("j").await;
    assert_eq!(tab.ask(row).await, -1);
    tab.close().await;
}
