//! `/gateway/authorize` in the OpenAPI document. It is answered beside the API, from memory and without a token, so its
//! description is written by hand.

use serde_json::{Value, json};

/// The question of reverse proxies.
pub fn question() -> Value {
    json!({"get": {
        "summary": "For a reverse proxy's auth request: is this address closed under an order in force? Without a token.",
        "parameters": [
            parameter("host", "query", "Host that was asked for."),
            parameter("path", "query", "Path that was asked for."),
            parameter("X-Forwarded-Host", "header", "Counts beside `host` (Traefik, Caddy)."),
            parameter("X-Forwarded-Uri", "header", "Counts beside `path` (Traefik, Caddy)."),
            parameter("X-Original-URI", "header", "Counts beside `path` (nginx)."),
        ],
        "responses": {
            "204": {
                "description": "Open. With `X-Meja-Gateway: unknown` because the orders cannot be read.",
                "headers": {"X-Meja-Gateway": {"schema": {"type": "string"}}}
            },
            "400": {"description": "No host was named."},
            "503": {
                "description": "Closed: the official notice, or a problem for those who accept JSON.",
                "headers": {
                    "Location": {"description": "The public notice.", "schema": {"type": "string"}},
                    "Retry-After": {"schema": {"type": "integer"}}
                },
                "content": {"text/html": {}, "application/problem+json": {}}
            }
        },
        "operationId": "gateway_authorize"
    }})
}

fn parameter(name: &str, place: &str, description: &str) -> Value {
    json!({"name": name, "in": place, "required": false, "description": description, "schema": {"type": "string"}})
}
