//! The style and the icon, named by their content so that browsers keep them for good.

use crate::secret::sha256;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "src/web/assets/"]
struct BuiltIn;

/// Addresses of the assets.
#[derive(Debug)]
pub struct Assets {
    style: String,
    icon: String,
}

impl Assets {
    /// Names the assets after their content.
    pub fn new() -> Self {
        let address = |file: &str| format!("/aset/{}", named(file));
        Self { style: address("meja.css"), icon: address("meja.svg") }
    }

    /// Address of the style.
    pub fn style(&self) -> &str {
        &self.style
    }

    /// Address of the icon.
    pub fn icon(&self) -> &str {
        &self.icon
    }

    /// Media type and bytes of what stands at an address.
    pub fn at(&self, address: &str) -> Option<(&'static str, Vec<u8>)> {
        let (file, media_type) = if address == self.style {
            ("meja.css", "text/css; charset=utf-8")
        } else if address == self.icon {
            ("meja.svg", "image/svg+xml")
        } else {
            return None;
        };
        Some((media_type, BuiltIn::get(file)?.data.into_owned()))
    }
}

/// `meja.css` as `meja-0123456789ab.css`.
fn named(file: &str) -> String {
    let bytes = BuiltIn::get(file).map(|found| found.data).unwrap_or_default();
    let hash = sha256(bytes);
    let (stem, end) = file.rsplit_once('.').unwrap_or((file, ""));
    format!("{stem}-{}.{end}", &hash[..12])
}
