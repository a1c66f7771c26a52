//! Pages into answers.

use crate::domain::people::Actor;
use crate::error::{FieldError, Result};
use crate::text;
use crate::web::menu::menu;
use crate::web::visit::Visit;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Response};
use serde_json::{Map, Value, json};

impl Visit {
    /// A page without a form of its own.
    ///
    /// # Errors
    /// The template asks for something that is not there.
    pub fn page(&self, name: &str, context: Value) -> Result<Response> {
        let mut whole = self.common();
        if let Value::Object(context) = context {
            whole.extend(context);
        }
        let html = self.site.pages.render(self.language, name, Value::Object(whole))?;
        Ok(Response::builder().content_type("text/html; charset=utf-8").body(Body::from(html)))
    }

    /// A page with a form.
    ///
    /// # Errors
    /// As [`Visit::page`].
    pub fn form(&self, name: &str, mut context: Value) -> Result<Response> {
        context["csrf"] = self.form_token().into();
        self.page(name, context)
    }

    /// The form again with what is to be mended; `anchor` stands before the names of fields in their ids.
    ///
    /// # Errors
    /// As [`Visit::page`].
    pub fn mend(&self, name: &str, mut context: Value, problems: &[FieldError], anchor: &str) -> Result<Response> {
        let (list, by_field) = self.problems(problems, anchor);
        context["errors"] = list;
        context["problems"] = by_field;
        let mut response = self.form(name, context)?;
        response.set_status(StatusCode::UNPROCESSABLE_ENTITY);
        Ok(response)
    }

    /// Problems as the summary lists them, and by field.
    pub fn problems(&self, problems: &[FieldError], anchor: &str) -> (Value, Value) {
        let mut by_field = Map::new();
        let mut list = Vec::new();
        for problem in problems {
            let words = text::say(self.language, &problem.say);
            let field = problem.field;
            list.push(json!({"href": format!("#{anchor}{field}"), "text": words}));
            by_field.entry(field).or_insert(words.into());
        }
        (list.into(), by_field.into())
    }

    /// Scripts of the page. The staff's are no use to others, and weigh something.
    fn scripts(&self) -> Vec<&str> {
        let is_staff = self.actor.as_ref().is_some_and(Actor::is_staff);
        let files: &[&str] = if is_staff { &["meja.js", "kerja.js", "kabar.js"] } else { &["meja.js"] };
        files.iter().map(|file| self.site.assets.address(file)).collect()
    }

    /// What every page may use.
    fn common(&self) -> Map<String, Value> {
        let desk = self.desk();
        let user = self.actor.as_ref().map(|actor| self.user(actor));
        // Whoever has signed in finds the form to sign out on every page.
        let csrf = if user.is_some() { self.form_token() } else { String::new() };
        let common = json!({
            "lang": self.language.as_str(),
            "path": self.path,
            "css": self.site.assets.address("meja.css"),
            "favicon": self.site.assets.address("meja.svg"),
            "scripts": self.scripts(),
            "looks": self.looks.shape(),
            "gallery": cfg!(debug_assertions),
            "seen": self.seen,
            "region": desk.pack().region.name,
            "office": desk.pack().offices.ict,
            "demo": desk.is_demo,
            "now": desk.words(self.language, desk.now()),
            "user": user,
            "csrf": csrf,
            "errors": [],
            "problems": {},
        });
        match common {
            Value::Object(common) => common,
            _ => Map::new(),
        }
    }

    /// Who has signed in, with the menu of the staff.
    fn user(&self, actor: &Actor) -> Value {
        let mut user = json!({"name": actor.account.name, "email": actor.account.email, "staff": actor.is_staff()});
        if actor.is_staff() {
            user["menu"] = menu(self, actor);
            user["unread"] = self.unread.into();
        }
        user
    }
}

/// A file to be kept, never to be opened in the page: its bytes come from strangers, so neither its name nor the type
/// its sender claimed is trusted.
pub fn download(name: &str, bytes: Vec<u8>) -> Response {
    Response::builder()
        .content_type("application/octet-stream")
        .header(header::CONTENT_DISPOSITION, text::as_attachment(name))
        .header(header::CACHE_CONTROL, "private, no-store")
        .body(bytes)
}

/// Goes on to another page with a GET.
pub fn see_other(address: &str) -> Response {
    let mut response = Response::builder().status(StatusCode::SEE_OTHER).finish();
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, address);
    response
}
