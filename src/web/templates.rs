//! The templates of the pages and the one function they call.

use crate::domain::ticket::Language;
use crate::error::{Error, Result};
use crate::text;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde_json::Value;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "src/web/pages/"]
struct BuiltIn;

/// Read once: their compiled form takes megabytes, and every copy of an environment shares it.
static READ: LazyLock<Result<Environment<'static>, String>> = LazyLock::new(read);

/// The templates, once for each language, so that `t("key")` knows which one it speaks.
#[derive(Debug)]
pub struct Pages {
    indonesian: Environment<'static>,
    english: Environment<'static>,
}

impl Pages {
    /// Reads the templates.
    ///
    /// # Errors
    /// One of them cannot be parsed.
    pub fn new() -> Result<Self> {
        Ok(Self { indonesian: environment(Language::Indonesian)?, english: environment(Language::English)? })
    }

    /// A page in a language.
    ///
    /// # Errors
    /// The template asks for something that is not there.
    pub fn render(&self, language: Language, name: &str, context: Value) -> Result<String> {
        let templates = match language {
            Language::Indonesian => &self.indonesian,
            Language::English => &self.english,
        };
        let defect = |error: minijinja::Error| Error::internal(format!("{name}: {error:#}"));
        let context: minijinja::Value = serde_json::from_value(context)?;
        templates.get_template(name).map_err(defect)?.render(context).map_err(defect)
    }
}

fn environment(language: Language) -> Result<Environment<'static>> {
    let mut templates = READ.clone().map_err(Error::internal)?;
    templates.add_function("t", move |key: String, values: Kwargs| speak(language, &key, &values));
    Ok(templates)
}

fn read() -> Result<Environment<'static>, String> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    for file in BuiltIn::iter() {
        let source =
            BuiltIn::get(&file).map(|found| String::from_utf8_lossy(&found.data).into_owned()).unwrap_or_default();
        templates.add_template_owned(file.into_owned(), source).map_err(|error| format!("{error:#}"))?;
    }
    Ok(templates)
}

/// A sentence of the catalogue with the values a template gives it.
fn speak(language: Language, key: &str, values: &Kwargs) -> Result<String, minijinja::Error> {
    let mut args = Vec::new();
    for name in values.args() {
        let value: minijinja::Value = values.get(name)?;
        args.push((name, value.to_string()));
    }
    let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Ok(text::phrase(language, key, &args))
}
