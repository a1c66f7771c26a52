//! How soon somebody on a slow line sees a page: 150 ms there and back, 1.6 Mbit/s, nothing kept from before.

use browser::{Chrome, Demo, Tab};
use serde_json::json;

/// Milliseconds until the largest thing is painted.
const LCP: f64 = 1800.0;
/// Share of the page that may leap.
const CLS: f64 = 0.02;

async fn opened_on_a_slow_line(tab: &Tab, path: &str) -> (f64, f64, f64, f64) {
    tab.open("/aset/kosong").await;
    tab.cdp("Network.clearBrowserCache", json!({})).await;
    let line = json!({"offline": false, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750});
    tab.cdp("Network.enable", json!({})).await;
    tab.cdp("Network.emulateNetworkConditions", line).await;
    tab.open(path).await;
    let told = tab
        .ask(
            "new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))\
             .observe({type: 'largest-contentful-paint', buffered: true}))\
             .then(lcp => new Promise(done => { let leaps = 0; const seen = new PerformanceObserver(list => { \
             for (const it of list.getEntries()) leaps += it.value; }); seen.observe({type: 'layout-shift', buffered: true}); \
             setTimeout(() => { const files = performance.getEntriesByType('resource').filter(it => !it.name.includes('/kerja/') ); \
             const page = performance.getEntriesByType('navigation')[0]; \
             done([lcp, leaps, [page, ...files].reduce((sum, it) => sum + it.transferSize, 0), 1 + files.length]); }, 300); }))",
        )
        .await;
    let figure = |place: usize| told[place].as_f64().unwrap_or_else(|| panic!("{path}: {told}"));
    (figure(0), figure(1), figure(2), figure(3))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_there_soon_on_a_slow_line() {
    let (demo, chrome) = (Demo::start("oki"), Chrome::start());
    let tab = chrome.tab(&demo.base).await;
    let mut slow = Vec::new();
    for (path, most) in [
        ("/", 30_000.0),
        ("/lapor", 30_000.0),
        ("/lacak", 30_000.0),
        ("/kerja/antrean", 60_000.0),
        ("/kerja", 60_000.0),
    ] {
        if path == "/kerja/antrean" {
            tab.sign_in("superadmin@demo.test").await;
        }
        let (lcp, leaps, bytes, requests) = opened_on_a_slow_line(&tab, path).await;
        println!("{path}: {lcp:.0} ms, leaps {leaps:.3}, {bytes} bytes in {requests} requests");
        if lcp > LCP || leaps > CLS || bytes > most || requests > 6.0 {
            slow.push(format!("{path}: {lcp:.0} ms, leaps {leaps:.3}, {bytes} bytes in {requests} requests"));
        }
    }
    tab.close().await;
    assert!(slow.is_empty(), "{slow:#?}");
}
