//! The colours of the style: readable, and told apart by everybody (UX.md 3.1; goal M2).
//!
//! Contrast is that of WCAG 2; the eyes of people with a missing cone are those of Machado and others (2009) at full
//! strength; distances are those of OKLab, times one hundred.

use std::collections::BTreeMap;

type Colours = BTreeMap<String, [f64; 3]>;

const STATUSES: [&str; 6] = ["ok", "info", "warn", "danger", "neutral", "accent"];

/// Text on ground.
const TEXTS: &[(&str, &str)] = &[
    ("text", "bg"),
    ("text", "surface"),
    ("text", "surface-2"),
    ("text-2", "bg"),
    ("text-2", "surface"),
    ("text-2", "surface-2"),
    ("link", "bg"),
    ("link", "surface"),
    ("link", "surface-2"),
    ("link-visited", "bg"),
    ("link-visited", "surface"),
    ("link-visited", "surface-2"),
    ("on-primary", "primary"),
    ("on-primary", "primary-hover"),
    ("danger-fg", "surface"),
    ("danger-fg", "bg"),
];
/// Borders, icons and the focus on ground.
const SHAPES: &[(&str, &str)] = &[
    ("border-strong", "bg"),
    ("border-strong", "surface"),
    ("focus", "bg"),
    ("focus", "surface"),
    ("primary", "surface"),
];

/// Rows by what the eye lacks: nothing, long, middle, short waves.
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ("protan", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    ("deutan", [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    ("tritan", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
];

/// Every theme of the style: light, dark by the system, and those that a person chooses.
fn themes() -> Vec<(String, Colours)> {
    let css = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/assets/meja.css")).unwrap();
    let mut themes: Vec<(String, Colours)> = Vec::new();
    for part in css.split('}') {
        let Some((selector, body)) = part.rsplit_once('{') else { continue };
        if body.contains("--danger-solid:") {
            themes.push((selector.trim().to_owned(), colours(body)));
        }
    }
    assert!(themes.len() >= 2, "the style has a light and a dark theme");
    themes
}

fn colours(body: &str) -> Colours {
    let pairs = body.split(';').filter_map(|line| line.split_once(':'));
    let named =
        pairs.filter_map(|(name, value)| Some((name.trim().strip_prefix("--")?, value.trim().strip_prefix('#')?)));
    named.filter_map(|(name, hex)| Some((name.to_owned(), linear(hex)?))).collect()
}

/// Light of the three primaries, 0 to 1.
fn linear(hex: &str) -> Option<[f64; 3]> {
    let hex = if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
    let mut light = [0.0; 3];
    for (place, light) in light.iter_mut().enumerate() {
        let value = f64::from(u8::from_str_radix(hex.get(place * 2..place * 2 + 2)?, 16).ok()?) / 255.0;
        *light = if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
    }
    Some(light)
}

fn luminance([red, green, blue]: [f64; 3]) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

fn seen(colour: [f64; 3], eye: &[[f64; 3]; 3]) -> [f64; 3] {
    eye.map(|row| row.iter().zip(colour).map(|(part, light)| part * light).sum::<f64>().clamp(0.0, 1.0))
}

fn oklab([red, green, blue]: [f64; 3]) -> [f64; 3] {
    let l = (0.412_221_47 * red + 0.536_332_54 * green + 0.051_445_99 * blue).cbrt();
    let m = (0.211_903_5 * red + 0.680_699_55 * green + 0.107_396_96 * blue).cbrt();
    let s = (0.088_302_46 * red + 0.281_718_84 * green + 0.629_978_7 * blue).cbrt();
    [
        0.210_454_26 * l + 0.793_617_78 * m - 0.004_072_05 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_04 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

fn distance(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (oklab(one), oklab(other));
    one.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt() * 100.0
}

/// A theme that a person chooses names only what differs, so what it leaves out is that of the light one.
fn get(theme: &Colours, name: &str) -> [f64; 3] {
    *theme.get(name).unwrap_or_else(|| panic!("the style has no --{name}"))
}

#[test]
fn every_text_and_shape_stands_out_from_its_ground() {
    let mut weak = Vec::new();
    for (name, theme) in themes() {
        let mut hold = |front: &str, ground: &str, least: f64| {
            let ratio = contrast(get(&theme, front), get(&theme, ground));
            if ratio < least {
                weak.push(format!("{name}: --{front} on --{ground} has {ratio:.2}, needs {least}"));
            }
        };
        TEXTS.iter().for_each(|(front, ground)| hold(front, ground, 4.5));
        SHAPES.iter().for_each(|(front, ground)| hold(front, ground, 3.0));
        for status in STATUSES {
            hold(&format!("{status}-fg"), &format!("{status}-bg"), 4.5);
            hold(&format!("{status}-solid"), "surface", 3.0);
            hold(&format!("{status}-solid"), "bg", 3.0);
        }
        if theme.contains_key("c1") {
            (1..=5).for_each(|place| hold(&format!("c{place}"), "surface", 3.0));
        }
    }
    assert!(weak.is_empty(), "{weak:#?}");
}

#[test]
fn no_two_states_look_alike_to_anybody() {
    let mut alike = Vec::new();
    for (name, theme) in themes() {
        let solids: Vec<String> = STATUSES.iter().map(|status| format!("{status}-solid")).collect();
        let charts: Vec<String> =
            (1..=5).map(|place| format!("c{place}")).filter(|name| theme.contains_key(name)).collect();
        for (family, least) in [(&solids, 8.0), (&charts, 14.0)] {
            for (eye, matrix) in &EYES {
                for (place, one) in family.iter().enumerate() {
                    for other in &family[place + 1..] {
                        let apart = distance(seen(get(&theme, one), matrix), seen(get(&theme, other), matrix));
                        if apart < least {
                            alike.push(format!(
                                "{name}, {eye}: --{one} and --{other} are {apart:.1} apart, needs {least}"
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(alike.is_empty(), "{alike:#?}");
}

#[test]
fn dark_is_dark_whether_the_device_or_the_person_wants_it() {
    let themes = themes();
    let of = |mark: &str| themes.iter().find(|(name, _)| name.contains(mark)).map(|(_, colours)| colours);
    assert!(of("not([data-tema=terang])").is_some(), "{:?}", themes.iter().map(|theme| &theme.0).collect::<Vec<_>>());
    assert_eq!(of("not([data-tema=terang])"), of("[data-tema=gelap]"));
}

#[test]
fn the_measures_are_those_of_the_books() {
    let (black, white) = (linear("000").unwrap(), linear("ffffff").unwrap());
    assert!((contrast(black, white) - 21.0).abs() < 0.01);
    assert!((contrast(linear("767676").unwrap(), white) - 4.54).abs() < 0.01);
    assert!((distance(black, white) - 100.0).abs() < 0.1);
    let (red, green) = (linear("c00000").unwrap(), linear("6a6a00").unwrap());
    assert!(distance(seen(red, &EYES[1].1), seen(green, &EYES[1].1)) < distance(red, green));
}
