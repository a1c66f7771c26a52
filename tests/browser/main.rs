//! What only a browser can prove, one file for each kind of proof.

mod conflict;
mod everywhere;
mod journeys;
mod live;
mod print;
mod speed;
