//! Writing mails from templates.
//!
//! Each mail is a folder in `email_templates/` with `subject.txt`, `body.txt` and `body.html`; the
//! English texts stand in its folder `en`. Templates are strict: an unknown name is an error.

use crate::domain::message::NewMail;
use crate::domain::ticket::Language;
use crate::error::{Error, Result};
use crate::secret::sha256;
use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use rust_embed::RustEmbed;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

#[derive(RustEmbed)]
#[folder = "email_templates/"]
struct BuiltIn;

/// Writes mails. Holds the templates and what every mail says of the desk.
#[derive(Debug)]
pub struct Composer {
    templates: Environment<'static>,
    /// Address of the desk.
    pub address: String,
    /// Name of the desk as it stands in `From`.
    pub name: String,
    /// Name of the region.
    pub region: String,
}

/// A mail to be written.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// One item per cause and recipient; the Message-ID is made from it.
    pub key: String,
    /// Folder of its templates.
    pub template: &'static str,
    /// Language of its text.
    pub language: Language,
    /// Address of the recipient.
    pub to: &'a str,
    /// Name of the recipient, may be empty.
    pub to_name: &'a str,
    /// The ticket it is about.
    pub ticket: Option<i64>,
    /// Where an answer goes.
    pub reply_to: Option<&'a str>,
    /// Message-IDs it follows.
    pub references: &'a [String],
    /// No person wrote it: it is marked so, and nothing is to be returned.
    pub automatic: bool,
    /// Values for the templates.
    pub context: serde_json::Value,
    /// Its date. UTC.
    pub at: DateTime<Utc>,
}

impl Composer {
    /// Reads the templates, those in `folder` before those built in.
    ///
    /// # Errors
    /// A template cannot be parsed.
    pub fn new(address: &str, name: &str, region: &str, folder: Option<&Path>) -> Result<Self> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates
            .set_auto_escape_callback(|name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None });
        for file in BuiltIn::iter() {
            let own = folder.map(|folder| folder.join(file.as_ref())).filter(|path| path.is_file());
            let text = match own {
                Some(path) => std::fs::read_to_string(path)?,
                None => BuiltIn::get(&file)
                    .map(|found| String::from_utf8_lossy(&found.data).into_owned())
                    .unwrap_or_default(),
            };
            templates.add_template_owned(file.into_owned(), text).map_err(|error| Error::Internal(error.into()))?;
        }
        Ok(Self { templates, address: address.to_lowercase(), name: name.to_owned(), region: region.to_owned() })
    }

    /// Is this the desk's own address, with or without an extension?
    pub fn is_desk(&self, address: &str) -> bool {
        let Some((local, host)) = address.rsplit_once('@') else { return false };
        let base = local.split('+').next().unwrap_or(local);
        format!("{base}@{host}").eq_ignore_ascii_case(&self.address)
    }

    /// Writes a mail as it will go over the wire.
    ///
    /// # Errors
    /// A template uses a name that is not given, or the address is no address.
    pub fn write(&self, mail: &Outgoing<'_>) -> Result<NewMail> {
        let values = self.values(mail)?;
        let subject = self.render(mail, "subject.txt", &values)?;
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let host = self.address.rsplit_once('@').map_or("localhost", |(_, host)| host);
        let message_id = format!("{}@{host}", &sha256(format!("{}\n{}\n{}", mail.key, mail.to, mail.at))[..32]);
        let mut builder = lettre::Message::builder()
            .from(mailbox(&self.name, &self.address)?)
            .to(mailbox(mail.to_name, mail.to)?)
            .subject(subject.clone())
            .date(UNIX_EPOCH + Duration::from_secs(u64::try_from(mail.at.timestamp()).unwrap_or(0)))
            .message_id(Some(format!("<{message_id}>")));
        if let Some(reply_to) = mail.reply_to {
            builder = builder.reply_to(mailbox(&self.name, reply_to)?);
        }
        let ids: Vec<String> = mail.references.iter().map(|id| format!("<{id}>")).collect();
        if let Some(last) = ids.last() {
            builder = builder.in_reply_to(last.clone()).references(ids.join(" "));
        }
        if mail.automatic {
            builder = builder
                .raw_header(raw("Auto-Submitted", "auto-generated"))
                .raw_header(raw("X-Auto-Response-Suppress", "All"));
        }
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(self.render(mail, "body.txt", &values)?);
        let html =
            SinglePart::builder().header(ContentType::TEXT_HTML).body(self.render(mail, "body.html", &values)?);
        let message = builder
            .multipart(MultiPart::alternative().singlepart(text).singlepart(html))
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(NewMail {
            key: mail.key.clone(),
            ticket: mail.ticket,
            recipient: mail.to.to_owned(),
            sender: if mail.automatic { String::new() } else { self.address.clone() },
            subject,
            message_id,
            raw: message.formatted(),
        })
    }

    /// The values of a mail as templates read them: converted once for its three parts.
    fn values(&self, mail: &Outgoing<'_>) -> Result<minijinja::Value> {
        let mut context = mail.context.clone();
        if let Some(context) = context.as_object_mut() {
            context.insert("desk".to_owned(), self.name.clone().into());
            context.insert("region".to_owned(), self.region.clone().into());
        }
        Ok(serde_json::from_value(context)?)
    }

    fn render(&self, mail: &Outgoing<'_>, part: &str, values: &minijinja::Value) -> Result<String> {
        let name = match mail.language {
            Language::Indonesian => format!("{}/{part}", mail.template),
            Language::English => format!("{}/en/{part}", mail.template),
        };
        let template = self.templates.get_template(&name).map_err(|error| Error::Internal(error.into()))?;
        template.render(values.clone()).map_err(|error| Error::Internal(error.into()))
    }
}

fn mailbox(name: &str, address: &str) -> Result<Mailbox> {
    let address = address.parse().map_err(|_| Error::internal("a recipient's address is no address"))?;
    let name = name.trim();
    Ok(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
}

fn raw(name: &'static str, value: &'static str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
