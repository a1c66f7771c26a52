//! Pictures of figures and sheets of paper: no script, no colour of their own.
//!
//! For: turning series of numbers into SVG that pages carry inline, and values into PDF/A. Colours of pictures are classes
//! whose values stand in the style sheet, so theme and print follow; words are given by the caller in the reader's language.
//! May use: `domain`, `text` and the ground. Pure.
//! To add a picture: a function that takes figures and words and gives a string, with a test of its own. To add a paper: a
//! typst template beside a file that makes its values, and [`typeset::pdf`].

pub mod certificate;
pub mod chart;
pub mod days;
pub mod der;
pub mod heat;
pub mod letter;
pub mod markdown;
pub mod official;
pub mod pades;
pub mod picture;
pub mod sheet;
pub mod signature;
pub mod typeset;
pub mod x509;
