//! Style, script and icon: built in, named by their content so that browsers keep them for good, and packed
//! once as small as they get.

use crate::error::Error;
use crate::secret::sha256;
use crate::web::packing::{self, Coding};
use poem::http::{HeaderValue, header};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use rust_embed::RustEmbed;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "src/web/assets/"]
struct BuiltIn;

/// Packing takes a while and the bytes never change: once for each process, when somebody first asks for them.
static PACKED: LazyLock<Assets> = LazyLock::new(Assets::pack);

/// One file.
#[derive(Debug)]
struct Asset {
    /// Its name in the sources.
    file: String,
    address: String,
    media_type: &'static str,
    plain: Vec<u8>,
    brotli: LazyLock<Vec<u8>, Box<dyn FnOnce() -> Vec<u8> + Send>>,
    gzip: LazyLock<Vec<u8>, Box<dyn FnOnce() -> Vec<u8> + Send>>,
}

/// All files.
#[derive(Debug)]
pub struct Assets(Vec<Asset>);

impl Assets {
    /// The files of this program.
    pub fn new() -> &'static Self {
        &PACKED
    }

    fn pack() -> Self {
        let files = BuiltIn::iter().filter_map(|file| Some((BuiltIn::get(&file)?.data.into_owned(), file)));
        Self(files.filter_map(|(bytes, file)| Asset::new(file.into_owned(), bytes)).collect())
    }

    /// Address of a file by its name in the sources; empty for one that is not there.
    pub fn address(&self, file: &str) -> &str {
        self.0.iter().find(|asset| asset.file == file).map_or("", |asset| &asset.address)
    }
}

impl Asset {
    /// `meja.css` becomes `/aset/meja-0123456789ab.css`.
    fn new(file: String, plain: Vec<u8>) -> Option<Self> {
        let (stem, end) = file.rsplit_once('.')?;
        let media_type = match end {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => return None,
        };
        let address = format!("/aset/{stem}-{}.{end}", &sha256(&plain)[..12]);
        let packed = |coding: Coding| -> Box<dyn FnOnce() -> Vec<u8> + Send> {
            let plain = plain.clone();
            Box::new(move || packing::smallest(coding, &plain))
        };
        let (brotli, gzip) = (LazyLock::new(packed(Coding::Brotli)), LazyLock::new(packed(Coding::Gzip)));
        Some(Self { media_type, brotli, gzip, address, plain, file })
    }
}

/// One of the files. Only their present names are known.
#[handler]
pub fn send(Data(assets): Data<&&'static Assets>, Path(name): Path<String>, request: &Request) -> Response {
    let address = format!("/aset/{name}");
    let Some(asset) = assets.0.iter().find(|asset| asset.address == address) else {
        let status = Error::NotFound("asset").status();
        return Response::builder().status(poem::http::StatusCode::from_u16(status).unwrap_or_default()).finish();
    };
    let coding = packing::wanted(request.header(header::ACCEPT_ENCODING).unwrap_or_default());
    let bytes: &[u8] = match coding {
        Some(Coding::Brotli) => &asset.brotli,
        Some(Coding::Gzip) => &asset.gzip,
        None => &asset.plain,
    };
    let mut response = Response::builder()
        .content_type(asset.media_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(bytes.to_vec());
    packing::say(&mut response, coding);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    response
}
