//! The periodic report (SKW 41(6), SUMUT 55(5)–(6); content of DOMAIN.md 2.9): facts in, fourteen parts out.
//!
//! Reading order: [`facts`] (what is known of a period) → [`figure`] (every figure, defined once) → [`content`] (the parts
//! with their figures and tables) → [`draw`] (facts to content) → [`life`] (drawn up, remarked on, submitted, received) →
//! [`steps`] (the region's way upwards).
//! Every figure is a question about single tickets, so that the same definition counts it and lists what it counted.
//! Pure. To add a figure: a variant of [`figure::Figure`] with its rule, a line in [`draw`], two sentences in each catalogue
//! (`report-<figure>`, `report-how-<figure>`), and a test that makes it differ from nought.

pub mod content;
pub mod draw;
pub mod facts;
pub mod figure;
pub mod life;
pub mod steps;
pub mod sums;
mod volume;
