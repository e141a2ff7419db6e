//! Log lines taken apart into a **pattern**, the text that many lines share, and typed
//! **variables**, after the idea of CLP (Rodrigues, Luo, Yuan: "CLP: Efficient and Scalable Search
//! on Compressed Text Logs", OSDI 2021). Putting a line together again gives its exact bytes.
//!
//! ```text
//! ts=2024-05-06T07:08:09.123Z level=info took=12.5ms id=4bf92f3577b34da6a3ce929d0e0e4736
//! ts=<time:YYYY-MM-DDThh:mm:ss.fffZ> level=<text> took=<dec>ms id=<hex32>
//!    n0                                    t0          n1         h0
//! ```
//!
//! How the parts fit:
//!
//! - Writing: one [`Encoder`] per segment, [`Encoder::encode`] per line into a [`Page`]. The page's
//!   columns and the [`Patterns`] (text per pattern, by number) are what has to be stored.
//!   [`Page::clear`] begins the next page; patterns stay.
//! - Reading: [`Patterns::from_texts`], and something that is [`Columns`] for each page and loads a
//!   column when it is asked for it. [`Page`] is [`Columns`] itself.
//! - [`Filter`] is made once per query, [`Filter::plan`] once per segment, [`Plan::select`] once per
//!   page: it keeps the rows of a [`RowSet`] whose lines pass.
//! - [`Fields`] says where in the columns a field of `key=value` pairs or of a JSON object stands.
//! - [`render`] puts the lines of a [`RowSet`] together, [`sizes`] only measures them.
//!
//! A column may be shorter than its page: rows beyond its end have no such variable. In rows whose
//! pattern does not have the variable a column holds anything ([`Page::pad`] puts zeros, empty
//! texts there), but hexadecimal columns hold no bytes there.

mod encoder;
mod error;
mod fields;
mod filter;
mod hex;
mod kind;
mod moment;
mod number;
mod page;
mod pattern;
mod render;
mod rows;
mod scan;
mod view;

pub use encoder::Encoder;
pub use error::LinesError;
pub use fields::{Fields, Place};
pub use filter::{Filter, Plan};
pub use kind::{Kind, Store, Variable};
pub use moment::{Date, Spelling, Zone};
pub use page::{Columns, HEX_SLOTS, NUMBER_SLOTS, Page, TEXT_SLOTS, Texts, Value};
pub use pattern::{Pattern, Patterns, Piece};
pub use render::{Lines, render, sizes};
pub use rows::RowSet;
