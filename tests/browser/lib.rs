//! A real browser at a real server: Debian's Chromium by chromedriver, and `meja demo` as a process.
//!
//! Layer 1 of the proof of the pages. Whatever can be seen in the HTML alone is proved without a browser by
//! `tests/crawl.rs`; here is what needs one: colours as painted, reflow, scripts, keys, print, time.
//! Needs `chromium`, `chromium-driver`, the program (`cargo build`) and `npm ci` in this folder; `tests/all` brings
//! all of them. A test that lacks one of them fails.

mod driver;
#[path = "../crawl/map.rs"]
pub mod map;
pub mod seeds;
mod server;
mod tab;

pub use driver::Chrome;
pub use server::Demo;
pub use tab::{Fault, Looks, Tab};

/// What all demo accounts sign in with.
pub const PASSWORD: &str = "demo-meja-2026";
