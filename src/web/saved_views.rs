//! The views of the queue that somebody keeps.

use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};
use serde_json::{Value, json};

/// The person's views, each with its forms.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    let actor = visit.staff()?;
    Ok(visit.form("saved_views.html", shape(visit, actor, "", "", "").await?)?)
}

/// Keeps the list that was shown under a name.
#[handler]
pub async fn save(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let (name, query) = (sent.get("view"), sent.get("query"));
    match visit.desk().save_view(actor, name, query).await {
        Ok(()) => Ok(see_other("/kerja/antrean/tampilan")),
        Err(Error::Invalid(problems)) => {
            let context = shape(visit, actor, "baru", name, query).await?;
            Ok(visit.mend("saved_views.html", context, &problems, "baru-")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Renames or forgets a view.
#[handler]
pub async fn change(Data(visit): Data<&Visit>, Path((id, act)): Path<(i64, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let name = sent.get("view");
    let changed = match act.as_str() {
        "ganti-nama" => visit.desk().rename_view(actor, id, name).await,
        "hapus" => visit.desk().forget_view(actor, id).await,
        _ => return Err(Error::NotFound("act").into()),
    };
    match changed {
        Ok(()) => Ok(see_other("/kerja/antrean/tampilan")),
        Err(Error::Invalid(problems)) => {
            let context = shape(visit, actor, &id.to_string(), name, "").await?;
            Ok(visit.mend("saved_views.html", context, &problems, &format!("{id}-"))?)
        }
        Err(error) => Err(error.into()),
    }
}

/// `mine` is the form that was refused, with what was typed into it.
async fn shape(visit: &Visit, actor: &Actor, mine: &str, name: &str, query: &str) -> Result<Value> {
    let views = visit.desk().saved_views(actor).await?;
    let views: Vec<Value> = views
        .iter()
        .map(|view| {
            let id = view.id.to_string();
            let typed = if id == mine { name } else { &view.name };
            json!({"id": id, "name": view.name, "typed": typed, "query": view.query, "refused": id == mine})
        })
        .collect();
    Ok(json!({"saved": views, "is_new": mine == "baru", "name": name, "query": query}))
}
