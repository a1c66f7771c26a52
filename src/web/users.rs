//! Accounts and roles, for those who manage them.

use crate::desk::people::{By, Correction, NewPerson, Person};
use crate::domain::managing;
use crate::domain::people::{Account, Actor, Grant, Role};
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::store::people::PeopleFilter;
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use data_encoding::BASE32_NOPAD;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Accounts on one page.
const ROWS: i64 = 50;

/// Accounts the person may look at.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, asked) = (visit.staff()?, query(request));
    let given = |name: &str| asked.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let state = given("keadaan");
    let filter = PeopleFilter {
        words: given("cari"),
        role: given("peran").and_then(|role| role.parse().ok()),
        agency: given("pd"),
        active: state.as_deref().map(|state| state != "nonaktif"),
        within: None,
    };
    let place = given("sesudah").and_then(|place| BASE32_NOPAD.decode(place.to_ascii_uppercase().as_bytes()).ok());
    let after = place.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let people = visit.desk().people(actor, filter, &after, ROWS + 1).await?;
    let more = people.len() > usize::try_from(ROWS).unwrap_or(0);
    let shown: Vec<_> = people.into_iter().take(usize::try_from(ROWS).unwrap_or(0)).collect();
    let next = shown
        .last()
        .filter(|_| more)
        .map(|(account, _)| BASE32_NOPAD.encode(account.email.as_bytes()).to_ascii_lowercase());
    let is_narrowed = ["cari", "peran", "pd", "keadaan"].iter().any(|name| given(name).is_some());
    let rows: Vec<Value> = shown.iter().map(|(account, grants)| row(visit, account, grants)).collect();
    let context = json!({
        "rows": rows,
        "next": next,
        "roles": roles(visit),
        "agencies": agencies(visit).await?,
        "without": visit.desk().without_first_line().await?,
        "chosen": {"cari": given("cari"), "peran": given("peran"), "pd": given("pd"), "keadaan": state},
        "is_narrowed": is_narrowed,
    });
    Ok(visit.page("users.html", context)?)
}

fn row(visit: &Visit, account: &Account, grants: &[Grant]) -> Value {
    let roles: Vec<Value> = grants.iter().map(|grant| held(visit, grant)).collect();
    json!({"id": account.id, "name": account.name, "email": account.email, "active": account.active, "roles": roles})
}

fn held(visit: &Visit, grant: &Grant) -> Value {
    json!({"role": grant.role, "text": visit.word("role", grant.role.as_str()), "agency": grant.agency})
}

fn roles(visit: &Visit) -> Vec<Value> {
    let role = |role: &Role| json!({"word": role, "text": visit.word("role", role.as_str())});
    Role::ALL.iter().map(role).collect()
}

/// Roles the actor may give at all, in any place.
fn given_out(visit: &Visit, actor: &Actor, agencies: &[Value]) -> Vec<Value> {
    let places = agencies.iter().map(|agency| agency["code"].as_str().map(str::to_owned)).chain([None]);
    let places: Vec<Option<String>> = places.collect();
    let may = |role: &&Role| {
        places.iter().any(|agency| managing::may_hand_out(actor, &Grant { role: **role, agency: agency.clone() }))
    };
    Role::ALL.iter().filter(may).map(|role| json!({"word": role, "text": visit.word("role", role.as_str())})).collect()
}

async fn agencies(visit: &Visit) -> Result<Vec<Value>> {
    let agencies = visit.desk().agencies().await?;
    Ok(agencies.iter().map(|agency| json!({"code": agency.code, "name": agency.name})).collect())
}

/// Asks who is to have an account.
#[handler]
pub async fn new_form(Data(visit): Data<&Visit>) -> Answer {
    let actor = visit.staff()?;
    managing::reach(actor).ok_or_else(|| Error::Denied(Say::new("error-denied")))?;
    let kept = json!({"email": "", "name": "", "nip": "", "role": "", "agency": ""});
    Ok(visit.form("user_new.html", new_context(visit, actor, kept).await?)?)
}

async fn new_context(visit: &Visit, actor: &Actor, kept: Value) -> Result<Value> {
    let agencies = agencies(visit).await?;
    let roles = given_out(visit, actor, &agencies);
    Ok(
        json!({"kept": kept, "roles": roles, "agencies": agencies, "key": new_token()?, "may_be_none": managing::may_administer(actor)}),
    )
}

/// Adds the account and invites its owner.
#[handler]
pub async fn add(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let grants = grant_of(&sent).map(|grant| grant.into_iter().collect());
    let new = |grants| NewPerson {
        email: sent.get("email").to_owned(),
        name: sent.get("name").to_owned(),
        nip: Some(sent.get("nip").to_owned()),
        grants,
    };
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let added = match grants {
        Ok(grants) => visit.desk().invite(actor, new(grants), key).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(person) => Ok(see_other(&format!("/kerja/pengaturan/pengguna/{}?kabar=baru", person.account.id))),
        Err(Error::Invalid(problems)) => {
            let kept = ["email", "name", "nip", "role", "agency"]
                .iter()
                .map(|field| ((*field).to_owned(), sent.get(field).into()));
            let context = new_context(visit, actor, Value::Object(kept.collect())).await?;
            Ok(visit.mend("user_new.html", context, &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// The role a form names, if it names one.
fn grant_of(sent: &Sent) -> Result<Option<Grant>> {
    if sent.get("role").is_empty() {
        return Ok(None);
    }
    let known = || Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    let unknown = |_| Error::field("role", Say::new("field-unknown-word").with("known", known()));
    let role = sent.get("role").parse::<Role>().map_err(unknown)?;
    Ok(Some(Grant { role, agency: Some(sent.get("agency").to_owned()).filter(|code| !code.is_empty()) }))
}

/// One account.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(id): Path<i64>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let mut context = shape(visit, actor, id).await?;
    let news = query(request).remove("kabar").filter(|word| ACTS.contains(&word.as_str()) || word == "baru");
    context["news"] = news.into();
    Ok(visit.form("user.html", context)?)
}

async fn shape(visit: &Visit, actor: &Actor, id: i64) -> Result<Value> {
    let desk = visit.desk();
    let Person { account, grants, standing, is_managed } = desk.person(actor, id).await?;
    let agencies = agencies(visit).await?;
    let is_self = account.id == actor.account.id;
    let roles: Vec<Value> = grants
        .iter()
        .map(|grant| {
            let mut role = held(visit, grant);
            role["may_take"] = managing::may_hand_out(actor, grant).into();
            role
        })
        .collect();
    let events = desk.person_events(actor, id).await?;
    let names = desk.names_in(&events).await?;
    let history: Vec<Value> = events
        .iter()
        .map(|event| {
            let label = event.actor.as_str();
            let who = names.get(label).cloned().unwrap_or_else(|| visit.word("actor", &label.replace(':', "-")));
            json!({"at": visit.instant(event.at), "what": visit.word("account-event", &event.kind), "who": who})
        })
        .collect();
    Ok(json!({
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "nip": account.nip,
        "active": account.active,
        "roles": roles,
        "has_password": standing.has_password,
        "has_totp": standing.has_totp,
        "since": visit.instant(standing.created_at),
        "seen": visit.instant_if(standing.seen_at),
        "is_self": is_self,
        "may_change": is_managed,
        "may_administer": managing::may_administer(actor) && !is_self,
        "may_give": if is_self { Vec::new() } else { given_out(visit, actor, &agencies) },
        "agencies": agencies,
        "history": history,
        "news": Value::Null,
        "told": Value::Null,
        "kept": {"role": "", "agency": ""},
    }))
}

/// What can be done to an account.
const ACTS: [&str; 7] = ["beri", "cabut", "nonaktifkan", "aktifkan", "tautan", "atur-ulang", "ubah"];

/// Does one of them and shows the account; a refusal is told on the page.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((id, act)): Path<(i64, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    match change(visit, actor, id, &act, &sent).await {
        // Whoever has laid down a role has been signed out by it and signs in again here.
        Ok(()) if visit.desk().person(actor, id).await.is_ok() => {
            Ok(see_other(&format!("/kerja/pengaturan/pengguna/{id}?kabar={act}")))
        }
        // With the last role somebody may have left the reach of whoever took it.
        Ok(()) => Ok(see_other("/kerja/pengaturan/pengguna")),
        Err(error @ (Error::Invalid(_) | Error::Conflict { .. } | Error::Denied(_))) => {
            let mut context = shape(visit, actor, id).await?;
            context["kept"] = json!({"role": sent.get("role"), "agency": sent.get("agency")});
            if act == "ubah" {
                for field in ["name", "nip", "email"] {
                    context[field] = sent.get(field).into();
                }
            }
            if let Error::Invalid(problems) = &error {
                return Ok(visit.mend("user.html", context, problems, "")?);
            }
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("user.html", context)?;
            response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

async fn change(visit: &Visit, actor: &Actor, id: i64, act: &str, sent: &Sent) -> Result<()> {
    let (desk, by) = (visit.desk(), By::Person(actor));
    let grant = || {
        grant_of(sent)?.ok_or_else(|| Error::Invalid(vec![FieldError { field: "role", say: Say::new("field-role") }]))
    };
    match act {
        "beri" => desk.give_role(&by, id, &grant()?).await,
        "cabut" => desk.take_role(&by, id, &grant()?).await.map(|_| ()),
        "nonaktifkan" => desk.set_account_active(&by, id, false).await,
        "aktifkan" => desk.set_account_active(&by, id, true).await,
        "tautan" => desk.send_link(&by, id, None).await,
        "atur-ulang" => desk.reset_totp(actor, id).await,
        "ubah" => {
            let sent = |field: &str| sent.0.get(field).cloned();
            let correction = Correction { email: sent("email"), name: sent("name"), nip: sent("nip") };
            desk.correct_person(&by, id, correction).await
        }
        _ => Err(Error::NotFound("act")),
    }
}
