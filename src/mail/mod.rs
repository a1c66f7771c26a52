//! Messages in and out.
//!
//! For: reading what came in (`parse` and the parts it asks: `words`, `html`, `decode`, `files`, `robots`, `report`; then
//! `quotes` and `thread`; all pure), looking who sent it (`sender`), writing what goes out from templates
//! (`compose`) and handing it to the next mail server (`transport`).
//! May use: `domain` and the ground. Decides nothing about tickets.
//! To add a mail: a folder in `email_templates/` with subject, text and HTML in both languages; a test
//! renders every template with samples.

pub mod compose;
pub mod decode;
pub mod files;
pub mod html;
pub mod own;
pub mod parse;
pub mod plain;
pub mod quotes;
pub mod report;
pub mod robots;
pub mod scanner;
pub mod sender;
pub mod sign;
pub mod thread;
pub mod transport;
pub mod words;
