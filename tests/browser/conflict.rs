//! Two people answer the same ticket at once: the second is stopped, and nothing that was written is lost.

use browser::{Chrome, Demo};

const REPLY: &str = "form[action$='/balas'] textarea[name=body]";
const SEND: &str = "form[action$='/balas'] button.main";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_answers_second_keeps_the_text_and_sees_the_first() {
    let (demo, chrome) = (Demo::start("oki"), Chrome::start());
    let (first, second) = (chrome.tab(&demo.base).await, chrome.tab(&demo.base).await);
    first.sign_in("superadmin@demo.test").await;
    second.sign_in("admin.dinkes@demo.test").await;
    second.open("/kerja/antrean").await;
    let number = second.ask("document.querySelector('.queue a[href^=\"/kerja/tiket/\"]').pathname.split('/')[3]").await;
    let path = format!("/kerja/tiket/{}", number.as_str().expect("a number"));
    first.open(&path).await;
    second.open(&path).await;
    second.write(REPLY, "Jawaban kedua, yang lama ditulis.").await;
    first.write(REPLY, "Jawaban pertama.").await;
    first.press(SEND).await;
    first.shows("Jawaban pertama.").await;
    first.until("the answer is not kept", async || first.path().await.contains("kabar=")).await;

    second.press(SEND).await;
    second.find(".banner.danger").await;
    let status = second.ask("performance.getEntriesByType('navigation')[0].responseStatus").await;
    assert_eq!(status, 409);
    second.shows("Jawaban pertama.").await;
    let kept = second.ask(&format!("document.querySelector(\"{REPLY}\")?.value ?? document.body.innerText")).await;
    assert!(kept.as_str().is_some_and(|text| text.contains("Jawaban kedua, yang lama ditulis.")), "{kept}");
    let faults = second.axe().await;
    assert!(faults.is_empty(), "{faults:#?}");

    second.press(SEND).await;
    second.until("the second answer is not kept", async || second.path().await.contains("kabar=")).await;
    first.open(&path).await;
    let text = first.text().await;
    assert!(text.contains("Jawaban pertama.") && text.contains("Jawaban kedua, yang lama ditulis."), "{text}");
    first.close().await;
    second.close().await;
}
