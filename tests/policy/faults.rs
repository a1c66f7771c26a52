//! Packs with every kind of fault: bad text in, its place and what to do about it out.

use super::{DEFAULTS, source};
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
