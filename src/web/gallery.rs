//! All components in all states on one page, for those who build pages and for the tests that look at them. Only
//! in builds for development.

use crate::error::{FieldError, Say};
use crate::web::failure::Answer;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::{Value, json};

/// Families of colours with an icon each.
const FAMILIES: [(&str, &str); 6] = [
    ("ok", "check"),
    ("info", "ring"),
    ("warn", "bars"),
    ("danger", "alert"),
    ("neutral", "square"),
    ("accent", "half"),
];

/// The components at rest.
#[handler]
pub fn show(Data(visit): Data<&Visit>) -> Answer {
    Ok(visit.form("gallery.html", samples(visit))?)
}

/// The components with a form that has to be mended; nothing is changed.
#[handler]
pub fn mend(Data(visit): Data<&Visit>, _sent: Sent) -> Answer {
    let wrong = |field: &'static str, key: &'static str| FieldError { field, say: Say::new(key) };
    let problems =
        [wrong("name", "field-name"), wrong("kind", "field-choose-kind"), wrong("body", "error-bad-request")];
    Ok(visit.mend("gallery.html", samples(visit), &problems, "g-")?)
}

fn samples(visit: &Visit) -> Value {
    let now = visit.instant(visit.desk().now());
    let message = |id: i64, by_requester: bool, internal: bool, files: Value| {
        json!({"id": id, "at": now, "author": "Siti Aminah", "by_requester": by_requester, "internal": internal,
            "channel": visit.word("channel", "web"), "files": files, "pieces": [], "mail": Value::Null,
            "delivery": match id { 2 => "held", 3 => "withdrawn", _ => "" },
            "body": "Sejak pagi layar tetap kosong.\nSudah dicoba di dua komputer: https://contoh.go.id/alamat-yang-panjang-sekali-tanpa-jeda-satu-pun"})
    };
    let chip =
        |(family, icon): &(&str, &str)| json!({"family": family, "icon": icon, "text": family, "title": Value::Null});
    json!({
        "families": FAMILIES.iter().map(chip).collect::<Vec<_>>(),
        "slas": [
            {"family": "neutral", "icon": "clock", "text": "Sisa 6 j 40 mnt", "title": now["long"], "batas": "24000 7200 0"},
            {"family": "warn", "icon": "clock", "text": "Sisa 1 j 05 mnt", "title": now["long"]},
            {"family": "danger", "icon": "clock", "text": "Sisa 12 mnt", "title": now["long"]},
            {"family": "danger edge", "icon": "alert", "text": "Lewat 1 j 20 mnt", "title": now["long"]},
            {"family": "neutral", "icon": "bars", "text": "Jam SLA dijeda", "title": Value::Null},
            {"family": "ok", "icon": "check", "text": "Terpenuhi 18 mnt", "title": Value::Null},
            {"family": "danger", "icon": "check", "text": "Terlambat 15 mnt", "title": Value::Null},
            {"family": "neutral", "icon": "dash", "text": "Tanpa target", "title": Value::Null},
        ],
        "messages": [
            message(1, true, false, json!([])),
            message(2, false, false, json!([{"name": "tangkapan layar.png", "kilobytes": 120, "address": "#files"}])),
            message(3, false, true, json!([])),
        ],
        "options": [{"word": "a", "text": "Pilihan pertama"}, {"word": "b", "text": "Pilihan kedua dengan nama yang panjang sekali"}],
        "when_now": now,
    })
}
