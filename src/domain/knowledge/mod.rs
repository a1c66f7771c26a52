//! The knowledge base: articles, their life and who may do what with them, and how words are found in them.
//!
//! Reading order: [`article`] (life and rights) → [`stem`] (what a word comes from) → [`terms`] (what a text is about)
//! → [`likeness`] (what was probably meant) → [`weigh`] (what an article is found by) → [`diff`] (what was changed);
//! [`scrub`] leaves people out of what is told to others.

pub mod article;
pub mod diff;
pub mod likeness;
pub mod scrub;
pub mod stem;
pub mod terms;
pub mod weigh;
