//! Pictures of figures, as text: no library, no script, no colour of their own.
//!
//! For: turning series of numbers into SVG that pages carry inline. Colours are classes whose values stand in the style
//! sheet, so theme and print follow; words are given by the caller in the reader's language.
//! May use: nothing of the house. Pure.
//! To add a picture: a function that takes figures and words and gives a string, with a test of its own.

pub mod chart;
pub mod days;
