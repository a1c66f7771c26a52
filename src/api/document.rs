//! The OpenAPI document: what the types say, and what they cannot say for themselves.

use crate::api::gateway;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The document as it is served, from the one the types make.
pub fn described(spec: &str) -> String {
    let Ok(mut document) = serde_json::from_str::<Value>(spec) else { return spec.to_owned() };
    document["paths"]["/gateway/authorize"] = gateway::question();
    let bodies = schemas_of_bodies(&document);
    let empty = without_required(&document);
    if let Some(operations) = document["paths"].as_object_mut() {
        for (method, operation) in operations.values_mut().filter_map(Value::as_object_mut).flatten() {
            bound_parameters(operation);
            if method == "post" {
                body_may_be_missing(operation, &empty);
            }
        }
    }
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for (name, schema) in schemas {
            optional_may_be_null(schema);
            if bodies.contains(name) && schema["type"] == "object" && schema.get("additionalProperties").is_none() {
                // An unknown field is refused: a misspelt one would be lost without a word.
                schema["additionalProperties"] = false.into();
            }
        }
    }
    format!("{document:#}")
}

/// Every address of the document with the methods it takes, as `Allow` names them.
pub fn methods(document: &str) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let paths = document["paths"].as_object().into_iter().flatten();
    let named = |operations: &Value| {
        let names = operations.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase());
        names.collect::<Vec<_>>().join(", ")
    };
    paths.map(|(template, operations)| (template.clone(), named(operations))).collect()
}

/// The methods that an address takes; `path` begins behind `/api/v1`.
pub fn allowed<'a>(methods: &'a [(String, String)], path: &str) -> &'a str {
    let asked: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        let same = |(part, asked): (&&str, &&str)| part == asked || part.starts_with('{');
        parts.len() == asked.len() && parts.iter().zip(&asked).all(same)
    };
    // An address spelt out goes before one with a place in it.
    let found = methods.iter().filter(|(template, _)| fits(template));
    found.min_by_key(|(template, _)| template.matches('{').count()).map_or("", |(_, methods)| methods)
}

/// Bounds of parameters that many operations share.
fn bound_parameters(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let schema = match parameter["name"].as_str() {
            Some("limit") => json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 200}),
            Some("If-Match") => json!({"type": "string", "pattern": "^\"[0-9]{1,9}\"$"}),
            Some("month") => json!({"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$"}),
            _ => continue,
        };
        parameter["schema"] = schema;
    }
}

/// Names of the schemas that ask for nothing.
fn without_required(document: &Value) -> BTreeSet<String> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten();
    let asks = |schema: &Value| schema["required"].as_array().is_some_and(|required| !required.is_empty());
    schemas.filter(|(_, schema)| !asks(schema)).map(|(name, _)| format!("#/components/schemas/{name}")).collect()
}

/// A verb that needs nothing but its name may come without a body.
fn body_may_be_missing(operation: &mut Value, empty: &BTreeSet<String>) {
    let Some(body) = operation.get_mut("requestBody") else { return };
    let schemas = body["content"].as_object().into_iter().flatten();
    let mut names = schemas.map(|(_, content)| content["schema"]["$ref"].as_str().unwrap_or_default().to_owned());
    if names.all(|name| empty.contains(&name)) {
        body["required"] = false.into();
    }
}

/// A property that is not required is answered as `null`, and may be sent so.
fn optional_may_be_null(schema: &mut Value) {
    let required: Vec<String> = serde_json::from_value(schema["required"].clone()).unwrap_or_default();
    for (name, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        if required.contains(name) {
            continue;
        }
        if property.get("$ref").is_some() {
            *property = json!({"allOf": [property.take()]});
        }
        property["nullable"] = true.into();
    }
}

/// Names of the schemas that bodies of requests are made of.
fn schemas_of_bodies(document: &Value) -> BTreeSet<String> {
    let operations = document["paths"].as_object().into_iter().flatten().filter_map(|(_, path)| path.as_object());
    let bodies = operations.flatten().filter_map(|(_, operation)| operation.get("requestBody"));
    let mut open: Vec<&Value> = bodies.collect();
    let mut found = BTreeSet::new();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => open.extend(fields.values()),
            Value::Array(items) => open.extend(items),
            Value::String(text) => {
                let Some(name) = text.strip_prefix("#/components/schemas/") else { continue };
                if found.insert(name.to_owned()) {
                    open.extend(document.pointer(&format!("/components/schemas/{name}")));
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_what_types_cannot() {
        let spec = json!({
            "paths": {
                "/things": {"get": {"parameters": [{"name": "limit", "schema": {"type": "integer"}}]},
                    "post": {"requestBody": {"content": {"a": {"schema": {"$ref": "#/components/schemas/New"}}}}}},
                "/things/{id}": {"get": {}, "patch": {}},
                "/things/all": {"put": {}}
            },
            "components": {"schemas": {
                "New": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"},
                    "b": {"$ref": "#/components/schemas/Part"}}},
                "Part": {"type": "object", "properties": {}},
                "Old": {"type": "object", "properties": {"c": {"type": "integer"}}}
            }}
        });
        let made: Value = serde_json::from_str(&described(&spec.to_string())).unwrap();
        let schemas = &made["components"]["schemas"];
        assert_eq!(made["paths"]["/things"]["get"]["parameters"][0]["schema"]["maximum"], 200);
        assert_eq!(schemas["New"]["additionalProperties"], false);
        assert_eq!(schemas["Part"]["additionalProperties"], false);
        assert_eq!(schemas["Old"].get("additionalProperties"), None);
        assert_eq!(schemas["New"]["properties"]["a"].get("nullable"), None);
        assert_eq!(schemas["New"]["properties"]["b"]["nullable"], true);
        assert_eq!(schemas["Old"]["properties"]["c"]["nullable"], true);
        let table = methods(&made.to_string());
        assert_eq!(allowed(&table, "/things"), "GET, POST");
        assert_eq!(allowed(&table, "/things/7"), "GET, PATCH");
        assert_eq!(allowed(&table, "/things/all"), "PUT");
        assert_eq!(allowed(&table, "/nothing"), "");
    }
}
