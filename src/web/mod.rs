//! The door for people: pages and forms that work without scripts.
//!
//! For: turning a request into a call of [`Desk`] and its answer into HTML. A door translates, it never
//! decides: what is allowed, valid or due is asked of the desk. Words stand in `pages/*.html` and in the
//! catalogue (`src/locales/*.ftl`), never in Rust.
//! May use: `desk`, `domain`, `policy` (reading the pack), `text`, `error`, `secret`. No SQL.
//! To add a page: a handler in the file of its topic, a template in `pages/`, its sentences in both
//! catalogues, and its line in [`list`]. A handler that takes a form takes [`sent::Sent`], which has
//! checked where the form came from; there is no other way to read one.

use crate::desk::Desk;
use crate::error::Result;
use poem::{Endpoint, Response, Route, get, post};
use std::sync::Arc;

mod account;
mod acts;
mod addresses;
mod agent;
mod assets;
mod bulk;
mod catalogue;
mod door;
mod duties;
mod failure;
mod guard;
mod history;
mod links;
mod mailbox;
mod policy;
mod proposals;
mod queue;
mod render;
mod report;
mod saved_views;
mod second_factor;
mod sent;
mod service_acts;
mod service_form;
mod services;
pub mod settings;
mod shapes;
mod sign_in;
mod sso;
mod start;
mod supervision;
mod templates;
mod ticket;
mod tokens;
mod track;
mod users;
mod visit;
mod work_home;

/// All pages, to be nested at `/`. Errors are answered with pages too.
///
/// # Errors
/// A template cannot be parsed.
pub fn routes(desk: Desk) -> Result<impl Endpoint<Output = Response> + 'static> {
    let site = Arc::new(visit::Site::new(desk)?);
    Ok(door::Door::new(site, list()))
}

/// Every address a person can open.
fn list() -> Route {
    settings::add(Route::new())
        .at("/", get(start::start))
        .at("/lapor", get(report::show_kind).post(report::keep_kind))
        .at("/lapor/uraian", get(report::show_words).post(report::keep_words))
        .at("/lapor/kontak", get(report::show_contact).post(report::keep_contact))
        .at("/lapor/periksa", get(report::show_check).post(report::send_report))
        .at("/lapor/terkirim/:number", get(report::show_sent))
        .at("/lacak", get(track::form).post(track::find))
        .at("/lacak/:number", get(track::follow))
        .at("/lacak/:number/lampiran/:id", get(track::file))
        .at("/lacak/:number/balas", post(track::reply))
        .at("/konfirmasi/:number/:mark", get(links::show_confirm).post(links::confirm))
        .at("/masuk/:token", get(links::show_link).post(links::follow_link))
        .at("/masuk", get(sign_in::form).post(sign_in::enter))
        .at("/masuk/kode", get(sign_in::code_form).post(sign_in::pass_code))
        .at("/masuk/surel", get(sign_in::link_sent).post(sign_in::ask_link))
        .at("/masuk/sso", get(sso::depart))
        .at("/masuk/sso/kembali", get(sso::arrive))
        .at("/lupa-sandi", get(sign_in::forgotten).post(sign_in::ask_password))
        .at("/akun", get(account::show))
        .at("/akun/sandi", get(account::password_form).post(account::set_password))
        .at("/akun/sesi", post(account::end_sessions))
        .at("/akun/dua-langkah", get(second_factor::show).post(second_factor::confirm))
        .at("/akun/dua-langkah/:act", post(second_factor::do_act))
        .at("/keluar", post(sign_in::leave))
        .at("/kebijakan", get(policy::show_public))
        .at("/kerja", get(work_home::show))
        .at("/kerja/ambil-berikutnya", post(work_home::take_next))
        .at("/kerja/antrean", get(queue::queue))
        .at("/kerja/antrean/bersama", post(bulk::do_acts))
        .at("/kerja/antrean/tampilan", get(saved_views::list).post(saved_views::save))
        .at("/kerja/antrean/tampilan/:id/:act", post(saved_views::change))
        .at("/kerja/eskalasi", get(supervision::escalations))
        .at("/kerja/pengawasan", get(supervision::agencies))
        .at("/kerja/kewajiban", get(duties::show).post(duties::enter))
        .at("/kerja/kewajiban/:id/:act", post(duties::do_act))
        .at("/kerja/tiket/:number", get(ticket::show))
        .at("/kerja/tiket/:number/lampiran/:id", get(ticket::file))
        .at("/kerja/tiket/:number/riwayat", get(history::show_events))
        .at("/kerja/tiket/:number/batas", get(history::show_deadlines))
        .at("/kerja/tiket/:number/:act", post(acts::do_act))
        .at("/kerja/layanan", get(services::list))
        .at("/kerja/layanan-baru", get(service_form::show_new).post(service_form::add))
        .at("/kerja/layanan/:code", get(services::show))
        .at("/kerja/layanan/:code/ubah", get(service_form::show).post(service_form::keep))
        .at("/kerja/layanan/:code/usul-kritis", get(proposals::show_form).post(proposals::propose))
        .at("/kerja/layanan/:code/riwayat", get(services::history))
        .at("/kerja/layanan/:code/:act", post(service_acts::do_act))
        .at("/kerja/usulan", get(proposals::list))
        .at("/kerja/pengaturan/kebijakan", get(policy::show_staff))
        .at("/kerja/pengaturan/pengguna", get(users::list))
        .at("/kerja/pengaturan/pengguna/baru", get(users::new_form).post(users::add))
        .at("/kerja/pengaturan/pengguna/:id", get(users::show))
        .at("/kerja/pengaturan/pengguna/:id/:act", post(users::do_act))
        .at("/kerja/pengaturan/token", get(tokens::list).post(tokens::make))
        .at("/kerja/pengaturan/token/:id/cabut", post(tokens::revoke))
        .at("/kerja/surat-demo", get(mailbox::newest))
        .at("/kerja/surat-demo/:id", get(mailbox::one))
        .at("/aset/:name", get(start::asset))
}
