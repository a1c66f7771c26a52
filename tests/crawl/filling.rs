//! Fills in forms as an honest person would, whatever they ask for.

use super::page::{Control, Form};
use super::visitor::Sent;

/// A form with something sensible in every control.
pub fn sensible(form: &Form) -> Sent {
    let mut sent = form.untouched();
    for control in &form.controls {
        let has =
            |fields: &[(String, String)]| fields.iter().any(|(name, value)| *name == control.name && !value.is_empty());
        match control.kind.as_str() {
            "radio" if !has(&sent.fields) => sent.fields.push((control.name.clone(), control.value.clone())),
            "select" if !has(&sent.fields) => {
                let first = control.options.iter().find(|value| !value.is_empty());
                put(&mut sent, control, first.cloned().unwrap_or_default());
            }
            _ if control.is_written() && !has(&sent.fields) => put(&mut sent, control, words(control)),
            _ => {}
        }
    }
    sent
}

/// The same form with nothing written into it; `None` when a person writes nothing there.
pub fn emptied(form: &Form) -> Option<Sent> {
    let is_written = |name: &str| form.controls.iter().any(|control| control.name == name && control.is_written());
    form.controls.iter().find(|control| control.is_written())?;
    let mut sent = form.untouched();
    for (_, value) in sent.fields.iter_mut().filter(|(name, _)| is_written(name)) {
        value.clear();
    }
    Some(sent)
}

fn put(sent: &mut Sent, control: &Control, value: String) {
    sent.fields.retain(|(name, _)| *name != control.name);
    sent.fields.push((control.name.clone(), value));
}

fn words(control: &Control) -> String {
    let text = match (control.kind.as_str(), control.name.as_str()) {
        ("email", _) => "siti@contoh.id",
        (_, name) if name.contains("mail") || name.contains("surel") => "siti@contoh.id",
        ("tel", _) => "0812 3456 7890",
        ("date", _) => "2026-11-20",
        ("number", _) => "1",
        ("textarea", _) => "Layar tetap kosong sejak pagi, padahal komputer lain baik-baik saja.",
        (_, name) if name.contains("phone") || name.contains("telepon") || name.contains("hp") => "0812 3456 7890",
        (_, "name" | "nama") => "Siti Aminah",
        _ => "Layar kosong saat masuk",
    };
    text.to_owned()
}
