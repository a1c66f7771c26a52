//! Packs with every kind of fault: bad text in, its place and what to do about it out.

use super::{DEFAULTS, said, source};
use meja::policy::{Fault, Library, Source};

/// The defaults with a piece replaced; `¦` in the new piece marks where the fault must be reported.
fn broken(piece: &str, marked: &str) -> (String, usize, usize) {
    assert!(DEFAULTS.contains(piece), "the defaults have no {piece:?}");
    let text = DEFAULTS.replacen(piece, marked, 1);
    let before = text.split('¦').next().expect("a start");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().expect("a line").chars().count() + 1;
    (text.replace('¦', ""), line, column)
}

fn faults_of(sources: &[Source]) -> Vec<Fault> {
    Library::read(sources).err().unwrap_or_default()
}

/// Piece of the defaults → what stands there instead → a part of the message or hint; `⏎` is a new line.
const BROKEN: &str = r#"
version = 1 → version = ¦= 1 → TOML
version = 1 → version = 1⏎¦version = 2 → duplicate key
default_profile = → ¦defautl_profile = → mungkin maksudnya "default_profile"
compulsory = false → compulsory = false⏎¦wran = 0.9 → mungkin maksudnya "warn"
version = 1 → version = ¦"satu" → jenis nilai salah
number = "{class}/{seq}/{office}/{year}" → number = ¦"{class}/{urut}/{office}/{year}" → isian tidak dikenal "{urut}"
number = "{class}/{seq}/{office}/{year}" → number = ¦"{class}/{office}/{year}" → tanpa urutan
"Asia/Jakarta" → ¦"Asia/Djakarta" → zona waktu tidak dikenal
mon = [["07:30", "12:00"] → mon = [¦["07:30", "25:00"] → jam tidak dikenal "25:00"
mon = [["07:30", "12:00"] → mon = [¦["12:00", "12:00"] → jendela kerja kosong
mon = [["07:30", "12:00"], ["13:00" → mon = [["07:30", "12:00"], ¦["11:00" → bertumpuk
mon = [["07:30", "12:00"], ["13:00", "16:00"]] → mon = [["13:00", "16:00"], ¦["07:30", "12:00"]] → tidak berurutan
[calendars.nonstop]⏎always = true → ¦[calendars.nonstop]⏎always = false → kalender tanpa jam kerja
always = true → always = true⏎day_off = "x"⏎¦[calendars.nonstop.ramadan] → minggu tanpa jam kerja
always = true → always = ¦true⏎day_off = "x"⏎week = { mon = [["08:00", "09:00"]] } → pilih salah satu
calendar = "nonstop" → calendar = ¦"nonstob" → mungkin maksudnya "nonstop"
[profiles.KRITIS-24x7]⏎calendar = "nonstop"⏎P1 = { response = "15m", resolution = "4h" }⏎ → ¦[profiles.KRITIS-24x7]⏎calendar = "nonstop"⏎ → profil tanpa prioritas P1
P2 = { response = "30m", resolution = "8h" }⏎ →  → profil tanpa prioritas P2
response = "30m", resolution = "8h" → response = ¦"9h", resolution = "8h" → waktu tanggap lebih lama
response = "30m", resolution = "8h" → response = ¦"0m", resolution = "8h" → lama waktu tidak dikenal
response = "30m", resolution = "8h" → response = ¦"-5m", resolution = "8h" → lama waktu tidak dikenal
response = "3wd" → response = ¦"0wd" → lama waktu tidak dikenal
transfer = 0.5 → transfer = ¦1.0 → bagian waktu 1 di luar batas
warn = 0.8 → warn = ¦0.5 → warn harus sesudah transfer
{ date = 2026-05-14, → { date = ¦2026-05-01, → Hari Buruh
{ date = 2026-05-01, → { date = ¦"1 Mei", → tanggal tidak dikenal
to = 2026-03-20 → to = ¦2026-02-01 → akhir Ramadan sebelum awalnya
{ year = 2026, from = 2026-02-19 → ¦{ year = 2025, from = 2025-03-15 → bertumpuk dengan yang sebelumnya
year = 2026 → year = ¦2024 → tahun tidak sama
[basis]⏎ → [basis]⏎¦"roles.tier9" = "Pasal 1"⏎ → jalur yang tidak ada
after = "province" → after = ¦"provinsi" → kode tidak dikenal
"Pemerintah Provinsi" } → "Pemerintah Provinsi", after = ¦"ministry" } → urutan berputar
code = "MEJA" → code = ¦"Meja" → 2 sampai 5 huruf besar
id = "bawaan" → id = ¦"lain" → tidak sama dengan nama berkas
id = "bawaan" → id = "bawaan"⏎extends = ¦"bawan" → pak induk tidak dikenal
id = "bawaan" → id = "bawaan"⏎extends = ¦"bawaan" → extends berputar
default_profile = "JAM-KERJA" → default_profile = ¦"JAM-KERAJ" → mungkin maksudnya "JAM-KERJA"
"mati", → ¦"-", → kata kosong
due_day = 5 → due_day = ¦31 → 1 sampai 28
calendar = "kerja"⏎auto → calendar = ¦"kantor"⏎auto → kalender tidak dikenal
limited = { high = "P3" → limited = { high = ¦"P5" → nilai tidak dikenal "P5"
"#;

/// As [`BROKEN`], but with the whole of what is said: message ⏎  hint: hint.
const BROKEN_RULES: &str = r#"
P1 = { response = "15m", resolution = "4h" } → P1 = { response = "15m", resolution = ¦"999999h" } → batas lebih dari sepuluh tahun⏎  hint: tulis lama waktu yang lebih pendek
P1 = { response = "3wd", resolution = "14wd" } → P1 = { response = "3wd", resolution = ¦"2601wd" } → batas lebih dari sepuluh tahun⏎  hint: tulis lama waktu yang lebih pendek
resolution = "10wd" → resolution = ¦"99999wd" → batas lebih dari sepuluh tahun⏎  hint: tulis lama waktu yang lebih pendek
[profiles.PENGADUAN] → [profiles."PERMINTAAN:x"]⏎calendar = "kerja"⏎[profiles.PENGADUAN] → nama profil "PERMINTAAN:x" dipakai jenis permintaan⏎  hint: beri nama tanpa "PERMINTAAN:"
{ date = 2026-05-14, name = "Kenaikan Yesus Kristus", kind = "holiday" } → { date = ¦2026-05-01, name = "x", kind = "local" } → tanggal 2026-05-01 sudah tercatat sebagai "Hari Buruh Internasional"⏎  hint: hapus salah satu, atau tulis "since" pada perubahan
{ date = 2026-05-14, name = "Kenaikan Yesus Kristus", kind = "holiday" } → { date = ¦2026-05-13, name = "x", kind = "working_day" } → hari kerja 2026-05-13 tidak mencabut libur apa pun⏎  hint: hapus, atau tulis sesudah liburnya
{ date = 2027-01-01, name = "Tahun Baru Masehi", kind = "holiday", provisional = true } → { date = 2029-01-01, name = "x", kind = "holiday" } → tahun 2028 tanpa libur⏎  hint: tulis libur tahun itu
  { year = 2026, from = 2026-02-19, to = 2026-03-20 },⏎ →  → tahun 2026 tanpa tanggal Ramadan⏎  hint: tambahkan year = 2026
[calendars.kerja.ramadan]⏎ → [calendars.kerja.ramadan_weeks.2030]⏎mon = [["08:00", "09:00"]]⏎[calendars.kerja.ramadan]⏎ → minggu Ramadan 2030 tanpa tanggal Ramadan⏎  hint: tambahkan year = 2030 di "ramadan"
"UU 27/2022 Pasal 30" → ¦"UU 27/2022" → dasar hukum tanpa pasal: "UU 27/2022"⏎  hint: tulis pasalnya, misalnya "Pasal 1 ayat (2)"
"UU 27/2022 Pasal 30" → ¦"Keputusan" → dasar hukum tanpa pasal: "Keputusan"⏎  hint: tulis pasalnya, misalnya "Pasal 1 ayat (2)"
"security.vital_report_within" = → ¦"security.vital" = → dasar hukum untuk jalur yang tidak ada: "security.vital"⏎  hint: periksa ejaan jalurnya
"calendars.kerja.week" = "Perpres → ¦"calendars.kantor.week" = "Perpres → "unconfirmed" untuk jalur yang tidak ada: "calendars.kantor.week"⏎  hint: periksa ejaan jalurnya
"calendars.kerja.week" = "Perpres → ¦"email.domian" = "Perpres → "unconfirmed" untuk jalur yang tidak ada: "email.domian"⏎  hint: periksa ejaan jalurnya
duties = [] → duties = [¦{ code = "a", what = "A", office = "ict", source = "Pasal 1" }] → kewajiban tanpa waktu yang jelas⏎  hint: tulis "every", "on" atau "before", salah satu
duties = [] → duties = [{ code = "a", what = "A", before = ¦"b", lead = "1_month", office = "ict", source = "Pasal 1" }] → kewajiban tidak dikenal "b"⏎  hint: mungkin maksudnya "a"
duties = [] → duties = [¦{ code = "a", what = "A", every = "month", lead = "1_month", office = "ict", source = "Pasal 1" }] → "before" dan "lead" saling memerlukan⏎  hint: tulis keduanya, atau hapus keduanya
duties = [] → duties = [{ code = "a", what = "A", on = "change", office = "ict", source = "Pasal 1" }, { code = "b", what = "B", before = ¦"a", lead = "1_month", office = "ict", source = "Pasal 1" }] → kewajiban yang disiapkan tidak punya waktu sendiri⏎  hint: tulis "every" padanya
duties = [] → duties = [{ code = "a", what = "A", every = "month", office = "ict", source = ¦"peraturan" }] → sumber kewajiban tanpa pasal: "peraturan"⏎  hint: tulis pasalnya, misalnya "Pasal 1 ayat (2)"
duties = [] → duties = [{ code = "a", what = "A", every = "month", office = "ict", source = "Pasal 1", sanctionable = ¦true }] → kewajiban bersanksi, tetapi sanction_mode = "none"⏎  hint: hapus sanctionable, atau tulis sanksinya
duties = [] → duties = [{ code = "a", what = "A", every = "month", office = "ict", source = "Pasal 1" }, { code = ¦"a", what = "B", every = "month", office = "ict", source = "Pasal 1" }] → kode ganda "a"⏎  hint: beri kode lain
duties = [] → duties = [{ code = ¦"A B", what = "A", every = "month", office = "ict", source = "Pasal 1" }] → kode salah "A B"⏎  hint: tulis huruf kecil, angka, "-" atau "_", paling banyak 40
duties = [] → duties = [{ code = "a", what = "A", every = "calendar_year", due = ¦"02-29", office = "ict", source = "Pasal 1" }] → hari tidak dikenal "02-29"⏎  hint: tulis BB-HH, misalnya "12-31"
duties = [] → duties = [{ code = "a", what = "A", before = "a", lead = ¦"sebulan", office = "ict", source = "Pasal 1" }] → jangka tidak dikenal "sebulan"⏎  hint: tulis misalnya "1_month", paling lama 24
, label_en = "Internal" →  → terjemahan belum ada, padahal yang lain di daftar ini punya⏎  hint: tulis "label_en"
label_en = "Hosting"⏎ →  → terjemahan belum ada, padahal yang lain di daftar ini punya⏎  hint: tulis "label_en"
calendar = "kerja"⏎response = "15m" → calendar = ¦"kerjaa"⏎response = "15m" → kalender tidak dikenal "kerjaa"⏎  hint: mungkin maksudnya "kerja"
response = "15m"⏎resolution = "30m" → response = ¦"45m"⏎resolution = "30m" → waktu tanggap lebih lama daripada waktu selesai⏎  hint: perpendek tanggap
critical_profile = "KRITIS-24x7" → critical_profile = ¦"KRITIS" → profil tidak dikenal "KRITIS"⏎  hint: yang dikenal: JAM-KERJA, KRITIS-24x7, PENGADUAN
is_unit = false → is_unit = false⏎hours = ¦"24x7" → kalender tidak dikenal "24x7"⏎  hint: yang dikenal: kerja, nonstop
scope = "per_agency" → scope = "ict_office" → kedua lini di dinas TIK⏎  hint: tulis scope = "per_agency" pada salah satu
sanctions = [] → sanctions = [{ step = ¦2, kind = "Peringatan" }] → langkah 2 tidak berurutan⏎  hint: tulis step = 1
sanctions = []⏎sanction_mode = "none" → sanctions = [{ step = 1, kind = "Peringatan" }]⏎sanction_mode = ¦"none" → ada sanksi, tetapi sanction_mode = "none"⏎  hint: pilih "proposal_only" atau "letters"
sanction_mode = "none" → sanction_mode = ¦"letters" → sanction_mode = "letters" tanpa bagian "warning"⏎  hint: tulis [warning]
pending_close_days = 10 → pending_close_days = ¦3 → penutupan harus sesudah pengingat⏎  hint: tulis lebih besar daripada pending_reminder_days
"#;

/// A sound section of letters, to be broken piece by piece.
const WARNING: &str = r#"
[warning]
addressee = "Kepala Dinas"
signer = "Ketua"
cc = []
literal_mode = false
dossier_days = 1
verify_days = 1
remind_days = 0
remind_execution = "4h"
until = "diperbaiki"
ladder = [{ step = 1, kind = "Surat peringatan", cure_days = 3 }]
trigger = { scope = "critical", aspect = "resolution_time", priorities = ["P1"], tickets = 1 }
"#;

#[test]
fn every_fault_is_reported_at_its_place_with_a_hint() {
    let mut wrong = Vec::new();
    for row in BROKEN.lines().filter(|row| !row.is_empty()) {
        let row = row.replace('⏎', "\n");
        let [piece, marked, part] = row.split(" → ").collect::<Vec<_>>()[..] else { panic!("{row:?}") };
        let (text, line, column) = broken(piece, marked);
        let faults = faults_of(&[source("bawaan", &text)]);
        let at_mark = |fault: &Fault| !marked.contains('¦') || (fault.line, fault.column) == (line, column);
        let without_hint = ["TOML", "duplicate key", "jenis nilai salah"].contains(&part);
        let right = |fault: &&Fault| {
            fault.to_string().contains(part) && at_mark(fault) && (without_hint || !fault.hint.is_empty())
        };
        if !faults.iter().any(|fault| right(&fault)) {
            wrong.push(format!("{marked:?}: wanted {part:?} at {line}:{column}, found {faults:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_broken_rule_is_told_in_full() {
    let mut wrong = Vec::new();
    for row in BROKEN_RULES.lines().filter(|row| !row.is_empty()) {
        let row = row.replace('⏎', "\n");
        let [piece, marked, told] = row.split(" → ").collect::<Vec<_>>()[..] else { panic!("{row:?}") };
        let (text, line, column) = broken(piece, marked);
        let faults = faults_of(&[source("bawaan", &text)]);
        let place = format!("bawaan.toml:{line}:{column}: {told}");
        let right = |fault: &Fault| {
            let said = fault.to_string();
            if marked.contains('¦') { said == place } else { said.ends_with(&format!(": {told}")) }
        };
        if !faults.iter().any(right) {
            wrong.push(format!("{marked:?}: wanted {place:?}, found\n{}", said(&faults)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn letters_of_warning_are_checked() {
    let told = |piece: &str, other: &str| {
        assert!(WARNING.contains(piece), "{piece}");
        let text = format!("{DEFAULTS}{}", WARNING.replace(piece, other));
        faults_of(&[source("bawaan", &text)]).into_iter().map(|fault| fault.message).collect::<Vec<_>>()
    };
    assert!(told("critical", "critical").is_empty());
    assert_eq!(told("step = 1", "step = 3"), ["langkah 3 tidak berurutan"]);
    assert_eq!(told("\"resolution_time\"", "\"waktu\""), ["aspek tidak dikenal \"waktu\""]);
    assert_eq!(told("signer", "singer").first().map(String::as_str), Some("kunci tidak dikenal \"singer\""));
    let empty = told("[{ step = 1, kind = \"Surat peringatan\", cure_days = 3 }]", "[]");
    assert_eq!(empty, ["tangga peringatan kosong"]);
    assert_eq!(told("tickets = 1", "tickets = 0"), ["ambang nol tiket"]);
    assert!(told("cc = []", "cc = [\"{pemilik}\", \"Sekda\"]").is_empty());
    assert_eq!(told("cc = []", "cc = [\"{owner}\"]"), ["\"{owner}\" tidak dikenal"]);
    let half = told("cure_days = 3", "cure_days = 3, orders = \"tutup\"");
    assert_eq!(half, ["\"orders\" dan \"execute_within\" saling memerlukan"]);
    let other = "cc = []\nother_warnings = [{ trigger = \"x\", to = \"PD\", kinds = [\"T\"], mode = \"may\", duties = [\"tiada\"] }]";
    assert_eq!(told("cc = []", other), ["kewajiban tidak dikenal \"tiada\""]);
}

#[test]
fn one_report_names_all_faults_once() {
    let text = DEFAULTS
        .replace("zone = \"Asia/Jakarta\"", "zone = \"Mars\"")
        .replace("due_day = 5", "due_day = 0\ndue_hour = 3")
        .replace("warn = 0.8", "warn = 0.1");
    let child = "id = \"anak\"\nextends = \"bawaan\"\nname = \"Anak\"\nversion = 1\n\n[region]\nkode = \"A\"\n";
    let faults = faults_of(&[source("anak", child), source("bawaan", &text)]);
    let places: Vec<_> = faults.iter().map(|fault| (fault.file.as_str(), fault.line)).collect();
    let line_of = |piece: &str| text.split(piece).next().expect("text").matches('\n').count() + 1;
    let expected = [
        ("anak.toml", 7),
        ("bawaan.toml", line_of("zone =")),
        ("bawaan.toml", line_of("warn = 0.1")),
        ("bawaan.toml", line_of("due_hour")),
    ];
    assert_eq!(places, expected, "{faults:#?}");
    assert_eq!(
        faults.first().map(ToString::to_string).as_deref(),
        Some("anak.toml:7:1: kunci tidak dikenal \"kode\"\n  hint: mungkin maksudnya \"code\"")
    );
}

#[test]
fn packs_may_not_share_an_id_or_extend_in_a_circle() {
    let twins =
        faults_of(&[Source { file: "a/bawaan.toml".into(), text: DEFAULTS.into() }, source("bawaan", DEFAULTS)]);
    assert!(twins.iter().any(|fault| fault.message.contains("sudah ada")), "{twins:#?}");
    let link = |id: &str, parent: &str| {
        source(id, &format!("id = \"{id}\"\nname = \"x\"\nversion = 1\nextends = \"{parent}\"\n"))
    };
    let circle = faults_of(&[link("satu", "dua"), link("dua", "satu")]);
    assert_eq!(circle.len(), 2);
    assert!(circle.iter().all(|fault| fault.line == 4 && fault.message.contains("berputar")), "{circle:#?}");
    let bare = faults_of(&[source("kosong", "")]);
    assert!(bare.iter().all(|fault| (fault.line, fault.column) == (1, 1)) && bare.len() == 3, "{bare:#?}");
}
