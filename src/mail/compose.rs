//! Writing mails from templates.
//!
//! Each mail is a folder in `email_templates/` with `subject.txt`, `body.txt` and `body.html`; the
//! English texts stand in its folder `en`. Templates are strict: an unknown name is an error.

use crate::domain::message::NewMail;
use crate::domain::ticket::Language;
use crate::error::{Error, Result};
use crate::mail::parse::File;
use crate::mail::{own, thread};
use crate::secret::{Secret, sha256};
use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use rust_embed::RustEmbed;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, UNIX_EPOCH};

#[derive(RustEmbed)]
#[folder = "email_templates/"]
struct BuiltIn;

/// Writes mails. Holds the templates and what every mail says of the desk.
#[derive(Debug)]
pub struct Composer {
    templates: Environment<'static>,
    /// Texts the installation has written itself; they go before those built in.
    own: RwLock<Arc<Environment<'static>>>,
    /// Own texts that failed since they were adopted, with what went wrong.
    failed: Mutex<BTreeMap<String, String>>,
    /// Address of the desk.
    pub address: String,
    /// Name of the desk as it stands in `From`.
    pub name: String,
    /// Name of the region.
    pub region: String,
    /// Signs the Message-IDs.
    secret: Option<Secret>,
}

/// Subject, plain text and HTML of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
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
    /// Where one click ends mails like this one (RFC 8058).
    pub unsubscribe: Option<&'a str>,
    /// Values for the templates.
    pub context: serde_json::Value,
    /// Its date. UTC.
    pub at: DateTime<Utc>,
}

impl Outgoing<'_> {
    /// What the house says by itself at `at`, about no ticket; who, to whom and what is to be filled in.
    pub fn automatic(at: DateTime<Utc>) -> Self {
        Self {
            key: String::new(),
            template: "",
            language: Language::Indonesian,
            to: "",
            to_name: "",
            ticket: None,
            reply_to: None,
            references: &[],
            automatic: true,
            unsubscribe: None,
            context: serde_json::Value::Null,
            at,
        }
    }
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
        Ok(Self {
            templates,
            own: RwLock::new(Arc::new(own::environment())),
            failed: Mutex::default(),
            address: address.to_lowercase(),
            name: name.to_owned(),
            region: region.to_owned(),
            secret: None,
        })
    }

    /// Signs the Message-IDs of its mails with the installation's key from now on.
    #[must_use]
    pub fn signing(self, secret: Secret) -> Self {
        Self { secret: Some(secret), ..self }
    }

    /// Writes mails with these texts from now on: template, language, subject, body. One that cannot be read is left
    /// out, loudly; the built-in text is used instead.
    pub fn adopt(&self, texts: &[(String, Language, String, String)]) {
        let mut templates = own::environment();
        let mut failed = BTreeMap::new();
        for (template, language, subject, body) in texts {
            for (part, text) in [("subject", subject), ("body", body)] {
                if let Err(error) = templates.add_template_owned(own::name(template, *language, part), text.clone()) {
                    tracing::error!(template, %language, %error, "an own text of a mail cannot be read");
                    failed.insert(format!("{template}/{language}"), error.to_string());
                }
            }
        }
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(templates);
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }

    /// Did the own text of this mail fail since it was adopted, so that the built-in one was sent?
    pub fn has_failed(&self, template: &str, language: Language) -> bool {
        let key = format!("{template}/{language}");
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&key)
    }

    /// The built-in subject and text of a mail as people may change them.
    pub fn built_in(&self, template: &str, language: Language) -> Option<(String, String)> {
        let read = |name: &str| self.templates.get_template(name).ok().map(|found| found.source().to_owned());
        let part = |part: &str| own::flat(&read, &path(template, language, part));
        Some((part("subject.txt")?, part("body.txt")?))
    }

    /// A mail as it would be written with made-up values: with an own subject and text, or as built in.
    ///
    /// # Errors
    /// The text asks for a value that is not given.
    pub fn preview(
        &self,
        template: &str,
        language: Language,
        own: Option<(&str, &str)>,
        values: &serde_json::Value,
    ) -> Result<Parts> {
        let values = self.whole(values.clone())?;
        let Some((subject, body)) = own else { return self.built_in_parts(template, language, &values) };
        let mut templates = own::environment();
        let broken = |error: minijinja::Error| Error::Internal(error.into());
        for (part, text) in [("subject", subject), ("body", body)] {
            templates.add_template_owned(own::name(template, language, part), text.to_owned()).map_err(broken)?;
        }
        self.own_parts(&templates, template, language, &values)
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
        self.write_with(mail, &[])
    }

    /// As [`Composer::write`], with files.
    ///
    /// # Errors
    /// As [`Composer::write`].
    pub fn write_with(&self, mail: &Outgoing<'_>, files: &[File]) -> Result<NewMail> {
        let values = self.whole(mail.context.clone())?;
        let Parts { subject, text, html } = self.parts(mail.template, mail.language, &values)?;
        let host = self.address.rsplit_once('@').map_or("localhost", |(_, host)| host);
        let seed = format!("{}\n{}\n{}", mail.key, mail.to, mail.at);
        let message_id = match &self.secret {
            Some(secret) => thread::own_message_id(secret, &seed, host),
            None => format!("{}@{host}", &sha256(seed)[..32]),
        };
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
        // Lets people sort it; one list per installation.
        let list = HeaderName::new_from_ascii_str("List-Id");
        builder = builder.raw_header(HeaderValue::new(list, format!("<meja-layanan.{host}>")));
        if mail.automatic {
            builder = builder
                .raw_header(raw("Auto-Submitted", "auto-generated"))
                .raw_header(raw("X-Auto-Response-Suppress", "All"));
        }
        if let Some(address) = mail.unsubscribe {
            builder = builder
                .raw_header(raw("List-Unsubscribe", &format!("<{address}>")))
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text);
        let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html);
        let words = MultiPart::alternative().singlepart(text).singlepart(html);
        let whole = match files {
            [] => words,
            files => {
                files.iter().fold(MultiPart::mixed().multipart(words), |whole, file| whole.singlepart(attached(file)))
            }
        };
        let message = builder.multipart(whole).map_err(|error| Error::Internal(error.into()))?;
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
    fn whole(&self, mut values: serde_json::Value) -> Result<minijinja::Value> {
        if let Some(values) = values.as_object_mut() {
            values.insert("desk".to_owned(), self.name.clone().into());
            values.insert("region".to_owned(), self.region.clone().into());
        }
        Ok(serde_json::from_value(values)?)
    }

    /// The own text where there is one; when it fails, the built-in one, loudly: a mail must not be lost over words.
    fn parts(&self, template: &str, language: Language, values: &minijinja::Value) -> Result<Parts> {
        let own = Arc::clone(&self.own.read().unwrap_or_else(PoisonError::into_inner));
        if own.get_template(&own::name(template, language, "subject")).is_ok() {
            match self.own_parts(&own, template, language, values) {
                Ok(parts) => return Ok(parts),
                Err(error) => {
                    tracing::error!(template, %language, %error, "an own text of a mail failed; the built-in one is sent");
                    let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
                    failed.insert(format!("{template}/{language}"), error.to_string());
                }
            }
        }
        self.built_in_parts(template, language, values)
    }

    fn own_parts(
        &self,
        own: &Environment<'_>,
        template: &str,
        language: Language,
        values: &minijinja::Value,
    ) -> Result<Parts> {
        let broken = |error: minijinja::Error| Error::Internal(error.into());
        let render = |part: &str| {
            own.get_template(&own::name(template, language, part)).and_then(|found| found.render(values.clone()))
        };
        let subject = one_line(&render("subject").map_err(broken)?);
        let words = render("body").map_err(broken)?;
        let links = ["url", "tracking_page", "confirm_url", "account_url", "people_url", "queue_url"]
            .iter()
            .filter_map(|name| values.get_attr(name).ok()?.as_str().map(str::to_owned));
        let paragraphs = own::paragraphs(&words, &links.collect::<Vec<_>>());
        let frame = minijinja::context! {
            desk => self.name.as_str(), region => self.region.as_str(), own_language => language.as_str(), own_text => words.trim(), paragraphs,
        };
        let frame = |name: &str| self.templates.get_template(name).and_then(|found| found.render(frame.clone()));
        Ok(Parts { subject, text: frame("own.txt").map_err(broken)?, html: frame("own.html").map_err(broken)? })
    }

    fn built_in_parts(&self, template: &str, language: Language, values: &minijinja::Value) -> Result<Parts> {
        let render = |part: &str| {
            let found = self.templates.get_template(&path(template, language, part));
            found.and_then(|found| found.render(values.clone())).map_err(|error| Error::Internal(error.into()))
        };
        Ok(Parts { subject: one_line(&render("subject.txt")?), text: render("body.txt")?, html: render("body.html")? })
    }
}

fn attached(file: &File) -> SinglePart {
    let kind = ContentType::parse(&file.media_type).unwrap_or(ContentType::TEXT_PLAIN);
    Attachment::new(file.name.clone()).body(file.bytes.clone(), kind)
}

/// Where a part of a built-in mail stands.
fn path(template: &str, language: Language, part: &str) -> String {
    match language {
        Language::Indonesian => format!("{template}/{part}"),
        Language::English => format!("{template}/en/{part}"),
    }
}

/// A subject stays one line whatever was put in.
fn one_line(subject: &str) -> String {
    subject.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn mailbox(name: &str, address: &str) -> Result<Mailbox> {
    let address = address.parse().map_err(|_| Error::internal("a recipient's address is no address"))?;
    let name = name.trim();
    Ok(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
