//! A form that may bring a file. It is checked before it is read, as [`Sent`] is, and a file that is too large never
//! fills the memory: its bytes are counted and dropped, so that the page can say how large it was.

use crate::desk::uploads::Arrived;
use crate::domain::upload::LARGEST;
use crate::error::Error;
use crate::web::failure::Failure;
use crate::web::guard;
use crate::web::sent::{LARGEST_FORM, Sent};
use crate::web::visit::Visit;
use poem::error::{ParseMultipartError, SizedLimitError};
use poem::http::header;
use poem::web::{Field, Multipart};
use poem::{FromRequest, Request, RequestBody};
use std::collections::BTreeMap;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of a file that are read to the end only to answer kindly: browsers show no answer to what is cut off.
const READ_OUT: u64 = 64 << 20;
/// Most fields of a form.
const MOST_FIELDS: usize = 100;

/// The fields of a form and the file with it.
#[derive(Debug, Default)]
pub struct Parcel {
    /// The fields.
    pub sent: Sent,
    /// The file, when one was chosen.
    pub file: Option<Arrived>,
}

impl Parcel {
    /// Reads a form that still has to be checked; one that another site has sent is refused.
    ///
    /// # Errors
    /// As [`Sent::read`].
    pub async fn read(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        if !request.content_type().is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            return Ok(Self { sent: Sent::read(request, body).await?, file: None });
        }
        let visit = request.data::<Visit>().ok_or_else(|| Failure(Error::internal("a form without a visit")))?;
        guard::check_origin(request, &visit.site).map_err(Failure)?;
        let told = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()).unwrap_or(0);
        unpack(Multipart::from_request(request, body).await?, told).await
    }
}

impl<'a> FromRequest<'a> for Parcel {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let visit = request.data::<Visit>().ok_or_else(|| Failure(Error::internal("a form without a visit")))?;
        let parcel = Self::read(request, body).await?;
        parcel.sent.check(visit).map_err(Failure)?;
        Ok(parcel)
    }
}

/// `told`: bytes of the whole request as its sender says.
async fn unpack(mut parts: Multipart, told: u64) -> poem::Result<Parcel> {
    let (mut fields, mut file) = (BTreeMap::new(), None);
    let mut room = LARGEST_FORM;
    while let Some(part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() || name == "file" {
            let (arrived, is_whole) = receive(part, told).await?;
            if !arrived.name.is_empty() || arrived.size > 0 {
                file.get_or_insert(arrived);
            }
            if !is_whole {
                break;
            }
            continue;
        }
        let bytes = up_to(part.into_async_read(), room).await?;
        room = room.checked_sub(bytes.len()).filter(|room| *room > 0).ok_or(SizedLimitError::PayloadTooLarge)?;
        fields.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        if fields.len() > MOST_FIELDS {
            return Err(SizedLimitError::PayloadTooLarge.into());
        }
    }
    Ok(Parcel { sent: Sent(fields), file })
}

/// Reads a file, and whether it was read to its end.
async fn receive(part: Field, told: u64) -> poem::Result<(Arrived, bool)> {
    let name = part.file_name().unwrap_or_default().to_owned();
    let mut reader = part.into_async_read();
    let bytes = up_to(&mut reader, LARGEST).await?;
    let mut size = bytes.len() as u64;
    if size <= LARGEST as u64 {
        return Ok((Arrived { name, bytes, size }, true));
    }
    let mut rest = vec![0; 64 * 1024];
    loop {
        let read = reader.read(&mut rest).await.map_err(unreadable)?;
        size += read as u64;
        if read == 0 {
            return Ok((Arrived { name, bytes: Vec::new(), size }, true));
        }
        if size > READ_OUT {
            return Ok((Arrived { name, bytes: Vec::new(), size: told.max(size) }, false));
        }
    }
}

/// Bytes up to one more than `most`.
async fn up_to(reader: impl AsyncRead + Send, most: usize) -> poem::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = std::pin::pin!(reader.take(most as u64 + 1));
    reader.read_to_end(&mut bytes).await.map_err(unreadable)?;
    Ok(bytes)
}

/// The sender stopped in the middle, or what he sent is no form.
fn unreadable(error: std::io::Error) -> poem::Error {
    ParseMultipartError::Io(error).into()
}
