//! The one integration binary (one link step).

mod architecture;
mod migrations;
mod policy;
mod store;
mod support;
