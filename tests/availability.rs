//! Measured availability from outside: figures, outages by hand, planned maintenance.

mod figures;
mod pages;
mod records;
