//! The style and the icon, named by their content so that browsers keep them for good.

use crate::error::Error;
use crate::secret::sha256;
use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::http::header;
use poem::web::{Data, Path};
use poem::{Response, handler};
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
}

/// `meja.css` as `meja-0123456789ab.css`.
fn named(file: &str) -> String {
    let bytes = BuiltIn::get(file).map(|found| found.data).unwrap_or_default();
    let hash = sha256(bytes);
    let (stem, end) = file.rsplit_once('.').unwrap_or((file, ""));
    format!("{stem}-{}.{end}", &hash[..12])
}

/// An asset. Only its present name is known.
#[handler]
pub fn serve(Data(visit): Data<&Visit>, Path(name): Path<String>) -> Answer {
    let address = format!("/aset/{name}");
    let (file, media_type) = if address == visit.site.assets.style() {
        ("meja.css", "text/css; charset=utf-8")
    } else if address == visit.site.assets.icon() {
        ("meja.svg", "image/svg+xml")
    } else {
        return Err(Error::NotFound("asset").into());
    };
    let bytes = BuiltIn::get(file).map(|found| found.data.into_owned()).unwrap_or_default();
    let response = Response::builder()
        .content_type(media_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    Ok(response.body(bytes))
}
