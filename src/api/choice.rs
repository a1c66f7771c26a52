//! A word of the domain in a request: documented with its values, read together with the other fields.

use crate::domain::Word;
use crate::error::{FieldError, Say};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{
    ParseError, ParseFromJSON, ParseFromMultipartField, ParseFromParameter, ParseResult, ToJSON, Type,
};
use serde_json::Value;
use std::borrow::Cow;
use std::marker::PhantomData;

/// A text that should be one of the words of `T`. A wrong one is no parse error of the whole request: it
/// is reported with the other bad fields by [`Choice::read`].
#[derive(Debug, Clone)]
pub struct Choice<T>(String, PhantomData<T>);

impl<T: Word> Choice<T> {
    /// The word, or what is wrong with it among `problems`.
    pub fn read(self, field: &'static str, problems: &mut Vec<FieldError>) -> Option<T> {
        let found = T::all().iter().copied().find(|word| word.as_str() == self.0);
        if found.is_none() {
            let known = T::all().iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ");
            problems.push(FieldError { field, say: Say::new("field-unknown-word").with("known", known) });
        }
        found
    }
}

/// Reads a word that may be missing.
pub fn read<T: Word>(choice: Option<Choice<T>>, field: &'static str, problems: &mut Vec<FieldError>) -> Option<T> {
    choice.and_then(|choice| choice.read(field, problems))
}

impl<T: Word + Send + Sync> Type for Choice<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.enum_items = T::all().iter().map(|word| Value::from(word.as_str())).collect();
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: Word + Send + Sync> ParseFromJSON for Choice<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) => Ok(Self(text, PhantomData)),
            other => Err(ParseError::expected_type(other)),
        }
    }
}

impl<T: Word + Send + Sync> ParseFromParameter for Choice<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(value.to_owned(), PhantomData))
    }
}

impl<T: Word + Send + Sync> ParseFromMultipartField for Choice<T> {
    async fn parse_from_multipart(field: Option<poem::web::Field>) -> ParseResult<Self> {
        match field {
            Some(field) => Ok(Self(field.text().await.map_err(ParseError::custom)?, PhantomData)),
            None => Err(ParseError::expected_input()),
        }
    }
}

impl<T: Word + Send + Sync> ToJSON for Choice<T> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::from(self.0.clone()))
    }
}
