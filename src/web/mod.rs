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
use crate::web::live::Live;
use poem::{Endpoint, EndpointExt, Response, Route, get, post};
use std::sync::Arc;

mod about;
mod account;
mod acts;
mod addresses;
mod agent;
mod announce;
mod announcements;
mod answer_files;
mod answering;
mod article_acts;
mod article_form;
mod article_ties;
mod article_work;
mod articles;
mod assets;
mod audit;
mod availability;
mod availability_shapes;
mod backups;
mod bulk;
mod canned;
mod cases;
mod catalogue;
mod changes;
mod check;
mod classify;
mod closures;
mod composer;
mod conflict;
mod consultations;
mod dashboard;
mod dispatch;
mod door;
mod dossier;
mod duties;
mod evidence;
mod failure;
#[cfg(debug_assertions)]
mod gallery;
pub mod gateway;
mod guard;
mod health;
mod history;
mod home_parts;
mod incidents;
mod keys;
mod letter_acts;
mod letter_new;
mod letters;
mod links;
pub mod live;
mod looks;
mod looks_form;
mod mailbox;
mod mails;
mod maintenance;
mod menu;
pub mod metrics;
mod monitors;
mod new_ticket;
mod news;
mod notice_choices;
mod notices;
mod opened;
mod own;
mod packing;
mod parcel;
mod participants;
mod periodic;
mod policy;
mod problems;
mod proposals;
mod public_services;
mod queue;
mod received;
mod relations;
mod render;
mod report;
mod report_steps;
mod reporting;
mod rounds;
mod saved_views;
mod search;
mod second_factor;
mod senders;
mod sent;
mod service_acts;
mod service_form;
mod services;
mod settings;
mod shapes;
mod side;
mod sign_in;
mod signing;
mod sso;
mod standing;
mod start;
mod status;
mod subscribe;
mod supervision;
mod templates;
mod ticket;
mod timeline;
mod tokens;
mod track;
mod turns;
mod undo;
mod uploads;
mod users;
mod verb_pages;
mod verdict;
mod visit;
mod webhooks;
mod work_home;

/// All pages, to be nested at `/`. Errors are answered with pages too.
///
/// # Errors
/// A template cannot be parsed.
pub fn routes(desk: Desk) -> Result<impl Endpoint<Output = Response> + 'static> {
    routes_with(desk, Live::default())
}

/// As [`routes`], with streams that can be closed.
///
/// # Errors
/// As [`routes`].
pub fn routes_with(desk: Desk, live: Live) -> Result<impl Endpoint<Output = Response> + 'static> {
    let site = Arc::new(visit::Site::new(desk, live)?);
    // What never changes does not have to pass the door, which asks who somebody is.
    let files = Route::new().at("/aset/:name", get(assets::send)).data(site.assets);
    let status = Arc::new(status::Made::default());
    let pages = list();
    #[cfg(debug_assertions)]
    let pages = pages.at("/galeri", get(gallery::show).post(gallery::mend));
    let open = |endpoint: poem::RouteMethod| endpoint.data(Arc::clone(&site)).data(Arc::clone(&status));
    let routes = Route::new()
        .nest_no_strip("/aset", files)
        .at("/status", open(get(status::show)))
        .at("/status.atom", open(get(status::atom)))
        .at("/status.json", open(get(status::json_feed)));
    Ok(routes.nest("/", door::Door::new(site, pages)).map_to_response())
}

/// Every address a person can open.
fn list() -> Route {
    of_articles(of_information(of_one_ticket(of_letters(of_the_house(settings::add(of_availability(of_reporters(
        of_reports(of_cases(Route::new())),
    ))))))))
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
    .at("/akun/tampilan", post(looks_form::keep))
    .at("/akun/pemberitahuan", post(notice_choices::keep))
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
    .at("/kerja/kabar", get(news::listen))
    .at("/kerja/pintasan", get(keys::show))
    .at("/kerja/antrean/berurutan", get(rounds::show).post(rounds::begin))
    .at("/kerja/antrean/berurutan/:id", get(rounds::summary))
    .at("/kerja/antrean/berurutan/:id/:act", post(rounds::do_act))
    .at("/kerja/cari", get(search::show))
    .at("/kerja/audit", get(audit::show))
    .at("/kerja/audit/periksa", post(audit::check))
    .at("/kerja/audit/tabel", get(audit::table))
    .at("/kerja/kesehatan", get(health::show))
    .at("/kerja/notifikasi", get(notices::list))
    .at("/kerja/notifikasi/dibaca", post(notices::read))
    .at("/kerja/pengaturan", get(settings::index))
    .at("/kerja/eskalasi", get(supervision::escalations))
    .at("/kerja/pengawasan", get(supervision::agencies))
    .at("/kerja/pengawasan/:code", get(standing::show))
    .at("/kerja/pengawasan/:code/ingatkan", post(standing::remind))
    .at("/kerja/kewajiban", get(duties::show).post(duties::enter))
    .at("/kerja/kewajiban/:id/:act", post(duties::do_act))
    .at("/kerja/konsultasi", get(consultations::list))
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
    .at("/kerja/surel", get(received::list))
    .at("/kerja/surel/pengirim", get(senders::list).post(senders::teach))
    .at("/kerja/surel/pengirim/:id/hapus", post(senders::forget))
    .at("/kerja/surel/:id", get(received::show))
    .at("/kerja/surel/:id/:act", post(received::decide))
    .at("/kerja/surat-demo", get(mailbox::newest))
    .at("/kerja/surat-demo/:id", get(mailbox::one))
}

/// What who runs the installation looks after: backups and recurring work.
fn of_the_house(routes: Route) -> Route {
    routes
        .at("/kerja/cadangan", get(backups::list).post(backups::make))
        .at("/kerja/cadangan/:name/unduh", post(backups::fetch))
        .at("/kerja/cadangan/:name/uji", post(backups::test))
        .at("/kerja/pekerjaan", get(turns::list))
}

/// The catalogue for everybody, announcements, problems and changes.
fn of_information(routes: Route) -> Route {
    routes
        .at("/layanan", get(public_services::list))
        .at("/layanan/:code", get(public_services::show))
        .at("/layanan/:code/poster", get(public_services::poster))
        .at("/pengumuman", get(announcements::public))
        .at("/pengumuman.atom", get(announcements::feed))
        .at("/kerja/pengumuman", get(announcements::list))
        .at("/kerja/pengumuman-baru", get(announcements::new_form).post(announcements::make))
        .at("/kerja/pengumuman/:code", get(announcements::show).post(announcements::change))
        .at("/kerja/pengumuman/:code/tarik", post(announcements::withdraw))
        .at("/kerja/pengaturan/webhook", get(webhooks::list).post(webhooks::add))
        .at("/kerja/pengaturan/webhook/:id", get(webhooks::show).post(webhooks::save))
        .at("/kerja/pengaturan/webhook/:id/rahasia", post(webhooks::renew))
        .at("/kerja/masalah", get(problems::list))
        .at("/kerja/masalah-baru", get(problems::new_form).post(problems::open))
        .at("/kerja/masalah/:number", get(problems::show).post(problems::save))
        .at("/kerja/masalah/:number/selesaikan", post(problems::solve))
        .at("/kerja/perubahan", get(changes::list))
        .at("/kerja/perubahan-baru", get(changes::new_form).post(changes::open))
        .at("/kerja/perubahan/:number", get(changes::show).post(changes::save))
        .at("/kerja/perubahan/:number/:act", post(changes::do_act))
}

/// Periodic reports.
fn of_reports(routes: Route) -> Route {
    routes
        .at("/kerja/dasbor", get(dashboard::show))
        .at("/kerja/bukti-dukung", get(evidence::show))
        .at("/kerja/bukti-dukung/unduh", get(evidence::fetch))
        .at("/kerja/laporan", get(periodic::list))
        .at("/kerja/laporan-berjalan", get(periodic::running))
        .at("/kerja/laporan/:code", get(periodic::show))
        .at("/kerja/laporan/:code/unduh/:format", get(periodic::file))
        .at("/kerja/laporan/:code/tiket/:figure", get(periodic::behind))
        .at("/kerja/laporan/:code/:act", post(periodic::do_act))
        .at("/kerja/laporan/:code/langkah/:place/:act", post(periodic::do_step))
}

/// Official letters: the records, the signing desk, and the page on which anybody checks one.
fn of_letters(route: Route) -> Route {
    route
        .at("/kerja/surat", get(letters::list))
        .at("/kerja/surat/baru", get(letter_new::show).post(letter_new::send))
        .at("/kerja/surat/:key", get(letters::show))
        .at("/kerja/surat/:key/ubah", get(letter_acts::show_edit).post(letter_acts::edit))
        .at("/kerja/surat/:key/pdf", get(letters::pdf))
        .at("/kerja/surat/:key/:act", post(letter_acts::do_act))
        .at("/kerja/tanda-tangan", get(signing::list))
        .at("/kerja/tanda-tangan/:key", get(signing::show))
        .at("/kerja/tanda-tangan/:key/unggah", post(signing::upload))
        .at("/kerja/tanda-tangan/:key/sertifikat", post(signing::sign_own))
        .at("/kerja/tanda-tangan/:key/kembalikan", post(signing::give_back))
        .at("/cek-surat", get(check::show))
        .at("/cek-surat/:code", get(check::show_code))
}

/// The knowledge base: as everybody reads it, as the staff keeps it, and beside a ticket.
fn of_articles(routes: Route) -> Route {
    routes
        .at("/pengetahuan", get(articles::list))
        .at("/pengetahuan/:slug", get(articles::show))
        .at("/pengetahuan/:slug/jawaban", post(articles::answer))
        .at("/pengetahuan/:slug/lampiran/:id", get(articles::file))
        .at("/kerja/pengetahuan", get(article_work::list))
        .at("/kerja/pengetahuan/baru", get(article_form::show_new).post(article_form::add))
        .at("/kerja/pengetahuan/:slug", get(article_work::show))
        .at("/kerja/pengetahuan/:slug/ubah", get(article_form::show).post(article_form::save))
        .at("/kerja/pengetahuan/:slug/versi", get(article_work::versions))
        .at("/kerja/pengetahuan/:slug/lampiran", post(article_work::add_file))
        .at("/kerja/pengetahuan/:slug/lampiran/hapus", post(article_work::drop_file))
        .at("/kerja/pengetahuan/:slug/:act", post(article_work::do_act))
        .at("/kerja/tiket/:number/artikel", post(article_acts::tie))
        .at("/kerja/tiket/:number/draf-artikel", post(article_acts::draft))
}

/// Measured availability, planned maintenance, monitors.
fn of_availability(routes: Route) -> Route {
    routes
        .at("/kerja/ketersediaan", get(availability::list))
        .at("/kerja/ketersediaan-catat", get(availability::new_form).post(availability::record))
        .at("/kerja/ketersediaan/:code", get(availability::show))
        .at("/kerja/ketersediaan/:code/janji", post(availability::promise))
        .at("/kerja/ketersediaan/:code/pemantau", post(monitors::add))
        .at("/kerja/ketersediaan/:code/pemantau/:id/:act", post(monitors::do_act))
        .at("/kerja/ketersediaan/:code/gangguan/:id/:act", post(availability::do_act))
        .at("/kerja/pemeliharaan", get(maintenance::list))
        .at("/kerja/pemeliharaan-baru", get(maintenance::new_form).post(maintenance::announce))
        .at("/kerja/pemeliharaan/:code", get(maintenance::show).post(maintenance::change))
        .at("/kerja/pemeliharaan/:code/batalkan", post(maintenance::cancel))
}

/// What is done to one ticket, and the answers that stand ready for it.
fn of_one_ticket(route: Route) -> Route {
    route
        .at("/kerja/tiket/:number", get(ticket::show))
        .at("/kerja/tiket/:number/lampiran/:id", get(ticket::file))
        .at("/kerja/tiket/:number/riwayat", get(history::show_events))
        .at("/kerja/tiket/:number/batas", get(history::show_deadlines))
        .at("/kerja/makro", get(canned::list))
        .at("/kerja/makro/baru", get(canned::show_new).post(canned::add))
        .at("/kerja/makro/:id", get(canned::show).post(canned::save))
        .at("/kerja/makro/:id/:act", post(canned::offer))
        .at("/kerja/tiket/:number/makro", post(acts::insert_reply))
        .at("/kerja/tiket/:number/jalankan", post(acts::run_reply))
        .at("/kerja/tiket/:number/draf", post(answering::keep_draft))
        .at("/kerja/tiket/:number/berkas", post(answer_files::add_file))
        .at("/kerja/tiket/:number/berkas/hapus", post(answer_files::drop_file))
        .at("/kerja/tiket/:number/ambil-draf", post(answering::take_over))
        .at("/kerja/tiket/:number/hadir", post(answering::attend))
        .at("/kerja/tiket/:number/batal", post(answering::withdraw))
        .at("/kerja/tiket/:number/umumkan", get(announce::show).post(announce::tell))
        .at("/kerja/tiket/:number/umumkan/akhiri", post(announce::end))
        .at("/kerja/tiket/:number/:act", post(acts::do_act))
        .at("/kerja/tiket/baru", get(new_ticket::show).post(new_ticket::open))
        .at("/kerja/tiket/:number/kode", get(new_ticket::read_out))
        .at("/kerja/tiket/:number/selesaikan", get(verb_pages::show).post(verb_pages::send))
        .at("/kerja/tiket/:number/minta-data", get(verb_pages::show).post(verb_pages::send))
        .at("/kerja/tiket/:number/tunggu-pihak-lain", get(verb_pages::show).post(verb_pages::send))
        .at("/kerja/tiket/:number/eskalasi", get(verb_pages::show).post(verb_pages::send))
        .at("/kerja/tiket/:number/kembalikan", get(verb_pages::show).post(verb_pages::send))
        .at("/kerja/tiket/:number/tugaskan", get(verb_pages::show).post(verb_pages::send))
        .at("/kerja/tiket/:number/prioritas", get(verb_pages::show).post(verb_pages::send))
        .at("/kerja/tiket/:number/alihkan", get(verb_pages::show).post(verb_pages::send))
        .at("/kerja/tiket/:number/klasifikasi", get(classify::show).post(classify::keep))
        .at("/kerja/tiket/:number/gabung", get(relations::show_merge).post(relations::merge))
        .at("/kerja/tiket/:number/tautkan", get(relations::show_link).post(relations::link))
        .at("/kerja/tiket/:number/lepas-tautan", post(relations::unlink))
        .at("/kerja/tiket/:number/pisah", get(relations::show_split).post(relations::split))
        .at("/kerja/tiket/:number/konsultasi", get(consultations::show).post(consultations::ask))
        .at("/kerja/tiket/:number/konsultasi/:place", post(consultations::answer))
        .at("/kerja/tiket/:number/urungkan/:seq", post(undo::undo))
        .at("/kerja/tiket/:number/riwayat/bukti", get(dossier::proof))
        .at("/kerja/tiket/:number/cetak", get(dossier::print))
        .at("/kerja/tiket/:number/surel", get(dispatch::list))
        .at("/kerja/tiket/:number/surel/:id/coba", post(dispatch::retry))
        .at("/kerja/tiket/:number/surel/:id", get(mails::show))
        .at("/kerja/tiket/:number/kirim-lagi", post(mails::lift))
        .at("/kerja/tiket/:number/peserta", post(participants::change))
}

/// The warning procedure, for the staff and as the public notice.
fn of_cases(routes: Route) -> Route {
    routes
        .at("/kerja/perkara", get(cases::list))
        .at("/kerja/perkara/:number", get(cases::show))
        .at("/kerja/perkara/:number/:act", post(cases::do_act))
        .at("/kerja/penutupan", get(closures::list))
        .at("/kerja/penutupan/:code", get(closures::show))
        .at("/penutupan/:code", get(closures::public))
}

/// What reporters open besides the report itself: files, verdicts, their own tickets, running disruptions, and the
/// pages about the site.
fn of_reporters(routes: Route) -> Route {
    routes
        .at("/lapor/uraian/lampiran", post(report::add_file))
        .at("/lapor/uraian/lampiran/hapus", post(report::drop_file))
        .at("/lacak/:number/berkas", post(track::add_file))
        .at("/lacak/:number/berkas/hapus", post(track::drop_file))
        .at("/lacak/:number/nilai", get(verdict::show_rating).post(verdict::rate))
        .at("/lacak/:number/buka-lagi", get(verdict::show_reopening).post(verdict::reopen))
        .at("/lacak/:number/lanjutan", post(verdict::go_on))
        .at("/tiket-saya", get(own::list))
        .at("/tiket-saya/tautan", get(own::asked).post(own::ask))
        .at("/tiket-saya/keluar", post(own::leave))
        .at("/tiket-saya/:number", get(track::follow))
        .at("/tiket-saya/:number/lampiran/:id", get(track::file))
        .at("/tiket-saya/:number/balas", post(track::reply))
        .at("/tiket-saya/:number/berkas", post(track::add_file))
        .at("/tiket-saya/:number/berkas/hapus", post(track::drop_file))
        .at("/tiket-saya/:number/nilai", get(verdict::show_rating).post(verdict::rate))
        .at("/tiket-saya/:number/buka-lagi", get(verdict::show_reopening).post(verdict::reopen))
        .at("/tiket-saya/:number/lanjutan", post(verdict::go_on))
        .at("/privasi", get(about::privacy))
        .at("/aksesibilitas", get(about::accessibility))
        .at("/bantuan", get(about::help))
        .at("/peta-situs", get(about::map))
        .at("/gangguan/:code", get(incidents::show))
        .at("/gangguan/:code/terdampak", post(incidents::add_affected))
        .at("/gangguan/:code/kabar", post(incidents::ask))
        .at("/gangguan/:code/kabar/:mark", get(incidents::show_follow).post(incidents::follow))
        .at("/status/langganan", get(subscribe::form).post(subscribe::ask))
        .at("/status/langganan/:mark", get(subscribe::show).post(subscribe::set))
        .at("/status/langganan/:mark/berhenti", post(subscribe::stop))
        .at("/l/:token", get(own::show_link).post(own::follow_link))
}
