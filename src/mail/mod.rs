//! Messages in and out.
//!
//! For: reading what came in (`parse`, `thread`; pure), writing what goes out from templates
//! (`compose`) and handing it to the next mail server (`transport`).
//! May use: `domain` and the ground. Decides nothing about tickets.
//! To add a mail: a folder in `email_templates/` with subject, text and HTML in both languages; a test
//! renders every template with samples.

pub mod compose;
pub mod own;
pub mod parse;
pub mod scanner;
pub mod sign;
pub mod thread;
pub mod transport;
