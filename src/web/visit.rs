//! One request as the handlers see it: who asks, in which language, with which form.

use crate::desk::Desk;
use crate::desk::sessions::{Browser, Entry, Step};
use crate::domain::people::Actor;
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::secret::new_token;
use crate::web::agent;
use crate::web::assets::Assets;
use crate::web::live::Live;
use crate::web::looks::Looks;
use crate::web::templates::Pages;
use poem::Request;
use poem::http::header;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What all requests share.
#[derive(Debug)]
pub struct Site {
    /// The desk behind the door.
    pub desk: Desk,
    /// The templates.
    pub pages: Pages,
    /// Style and icon.
    pub assets: &'static Assets,
    /// News for those whose pages are open.
    pub live: Live,
    /// People reach the server over TLS.
    pub secure: bool,
}

impl Site {
    /// Reads the templates.
    ///
    /// # Errors
    /// One of them cannot be parsed.
    pub fn new(desk: Desk, live: Live) -> Result<Self> {
        let secure = desk.public_url.starts_with("https://");
        Ok(Self { pages: Pages::new()?, assets: Assets::new(), live, secure, desk })
    }

    /// Name of the cookie that holds the session.
    pub const fn session_cookie(&self) -> &'static str {
        if self.secure { "__Host-meja_session" } else { "meja_session" }
    }

    /// Name of the cookie that ties forms and drafts to a browser.
    pub const fn browser_cookie(&self) -> &'static str {
        if self.secure { "__Host-meja_form" } else { "meja_form" }
    }
}

/// Name of the cookie that keeps the language.
pub const LANGUAGE_COOKIE: &str = "bahasa";

/// Whoever asks for a page, found out before the handler runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Visit {
    /// What all requests share.
    pub site: Arc<Site>,
    /// The language of the page.
    pub language: Language,
    /// The path asked for, without the query.
    pub path: String,
    /// The address the request came from; behind a proxy that is not trusted, the proxy's.
    pub source: String,
    /// Who has signed in, wholly.
    pub actor: Option<Actor>,
    /// The session, also one that still lacks a second factor.
    pub entry: Option<Entry>,
    /// Program and system of the browser, as people call them.
    pub agent: String,
    /// How the person wants pages to look.
    pub looks: Looks,
    /// Key of the newest event when the page was begun: what came before is on it.
    pub seen: i64,
    /// The session's token, also of a session that has ended.
    pub session: Option<String>,
    /// The browser's token: names its draft.
    pub browser: String,
    /// The browser's token is new.
    pub is_new: bool,
    /// Notices the person has not read; counted for the staff only.
    pub unread: i64,
    /// The page holds a form, so a new token must be kept by the browser.
    bound: Arc<AtomicBool>,
}

impl Visit {
    /// Finds out who asks.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn of(site: Arc<Site>, request: &Request, language: Language) -> Result<Self> {
        let session = cookie(request, site.session_cookie());
        let entry = match &session {
            Some(token) => site.desk.by_session(token).await?,
            None => None,
        };
        let actor = entry.as_ref().filter(|entry| entry.step == Step::Open).map(|entry| entry.actor.clone());
        let agent = agent::name(request.header(header::USER_AGENT).unwrap_or_default());
        let known = cookie(request, site.browser_cookie()).filter(|token| token.len() == 26);
        let is_new = known.is_none();
        let browser = known.map_or_else(new_token, Ok)?;
        let path = request.uri().path().to_owned();
        let looks = Looks::read(|name| cookie(request, name));
        let is_staff = actor.as_ref().is_some_and(Actor::is_staff);
        let seen = if is_staff { site.desk.newest_event().await? } else { 0 };
        let peer = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let source = peer.map_or_else(String::new, |peer| {
            let lines = request.headers().get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
            site.desk.access.proxies.source(peer, &lines.collect::<Vec<_>>().join(",")).to_string()
        });
        let has_menu = !path.starts_with("/aset/");
        let unread = match actor.as_ref().filter(|actor| has_menu && actor.is_staff()) {
            Some(actor) => site.desk.unread_notices(actor).await?,
            None => 0,
        };
        let bound = Arc::default();
        Ok(Self {
            site,
            language,
            path,
            source,
            actor,
            entry,
            agent,
            looks,
            seen,
            session,
            browser,
            is_new,
            unread,
            bound,
        })
    }

    /// Somebody of whom nothing is asked: for pages that are the same for everybody.
    pub fn stranger(site: Arc<Site>, path: &str, language: Language) -> Self {
        Self {
            site,
            language,
            path: path.to_owned(),
            source: String::new(),
            actor: None,
            entry: None,
            agent: String::new(),
            looks: Looks::default(),
            seen: 0,
            session: None,
            browser: String::new(),
            is_new: false,
            unread: 0,
            bound: Arc::default(),
        }
    }

    /// The desk behind the door.
    pub fn desk(&self) -> &Desk {
        &self.site.desk
    }

    /// The actor, who must be of the staff.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody has signed in, `Denied` for others.
    pub fn staff(&self) -> Result<&Actor> {
        let actor = self.actor.as_ref().ok_or(Error::Unauthenticated)?;
        if actor.is_staff() { Ok(actor) } else { Err(Error::Denied(Say::new("error-staff-only"))) }
    }

    /// The session of somebody who has signed in wholly.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody has.
    pub fn signed_in(&self) -> Result<&Entry> {
        self.entry.as_ref().filter(|entry| entry.step == Step::Open).ok_or(Error::Unauthenticated)
    }

    /// The session of somebody who may set up a second factor, be it that nothing else is allowed yet.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody may.
    pub fn enrolling(&self) -> Result<&Entry> {
        self.entry.as_ref().filter(|entry| entry.step != Step::Code).ok_or(Error::Unauthenticated)
    }

    /// What is kept of this browser when it signs in.
    pub fn browser(&self) -> Browser {
        Browser { name: self.agent.clone(), source: self.source.clone() }
    }

    /// The hidden token of a form on this page.
    pub fn form_token(&self) -> String {
        self.bound.store(true, Ordering::Relaxed);
        self.desk().secret.mark("csrf", self.binding())
    }

    /// Does the page hold a form?
    pub fn is_bound(&self) -> bool {
        self.bound.load(Ordering::Relaxed)
    }

    /// What a form's hidden token is tied to: the session, or the browser before anybody signs in.
    pub fn binding(&self) -> &str {
        match (&self.entry, &self.session) {
            (Some(_), Some(session)) => session,
            _ => &self.browser,
        }
    }
}

/// What stands behind the question mark.
pub fn query(request: &Request) -> BTreeMap<String, String> {
    request.params().unwrap_or_default()
}

/// A cookie the browser sent.
pub fn cookie(request: &Request, name: &str) -> Option<String> {
    let lines = request.headers().get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, value)| *found == name && !value.is_empty()).map(|(_, value)| value.to_owned()).next()
}
