//! Roles: what each may do, who holds it where, and what should not lie with one person.

use crate::desk::lines;
use crate::domain::managing::{self, Reach};
use crate::domain::people::{Grant, Role};
use crate::domain::rights::{self, Extent};
use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The roles of this region, generated from the tables of rights.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let pack = desk.pack();
    let every = Role::ALL.iter().flat_map(|role| [(*role, false), (*role, true)]);
    let places: Vec<(Role, bool)> = every
        .filter(|(role, of_agency)| {
            lines::fits(&pack, &Grant { role: *role, agency: of_agency.then(|| "A".to_owned()) })
        })
        .collect();
    let heads: Vec<Value> = places
        .iter()
        .map(|(role, of_agency)| {
            json!({"role": role, "text": visit.word("role", role.as_str()), "of_agency": of_agency})
        })
        .collect();
    let sees_all = managing::reach(actor) == Some(Reach::All);
    let held = if sees_all { desk.held_roles().await? } else { Vec::new() };
    let mut counts: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for grant in held.iter().flat_map(|(_, grants)| grants) {
        *counts.entry((grant.role.as_str(), grant.agency.as_deref())).or_default() += 1;
    }
    let holders: Vec<Value> = counts
        .iter()
        .map(|((role, agency), count)| json!({"role": role, "text": visit.word("role", role), "agency": agency, "count": count}))
        .collect();
    let remarks: Vec<Value> = held
        .iter()
        .flat_map(|(account, grants)| {
            let clash = move |clash: rights::Clash| {
                json!({"id": account.id, "name": account.name, "text": visit.word("clash", clash.as_str())})
            };
            rights::clashes(grants).into_iter().map(clash)
        })
        .collect();
    let context = json!({
        "heads": heads,
        "areas": areas(visit, &places),
        "sees_all": sees_all,
        "holders": holders,
        "remarks": remarks,
        "line1": pack.roles.tier1.label,
        "line2": pack.roles.tier2.label,
    });
    Ok(visit.page("roles.html", context)?)
}

/// The table in its parts.
fn areas(visit: &Visit, places: &[(Role, bool)]) -> Vec<Value> {
    let mut table = rights::table(places);
    // Where the law knows no procedure there is nothing to have a right on.
    table.retain(|right| right.area != "cases" || visit.desk().has_procedure());
    let parts = table.chunk_by(|one, next| one.area == next.area);
    parts
        .map(|rows| {
            let row = |right: &rights::Right| {
                let cells = right.extents.iter().map(|extent| {
                    json!({"may": *extent != Extent::None, "text": visit.word("extent", extent.as_str())})
                });
                json!({"text": visit.word("right", &right.word), "cells": cells.collect::<Vec<_>>()})
            };
            let area = rows.first().map_or("", |right| right.area);
            json!({"id": area, "title": visit.word("right-area", area), "rows": rows.iter().map(row).collect::<Vec<_>>()})
        })
        .collect()
}
