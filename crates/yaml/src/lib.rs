//! Reads YAML into typed values, with diagnostics that point at the line.

use phoenix_model::{Diagnostic, Source};
use serde::de::DeserializeOwned;

/// Reads a document. Derive `Deserialize` with `deny_unknown_fields`; an unknown key, a wrong type
/// or a failed `TryFrom` becomes a diagnostic at its line and column, with a suggestion where a
/// known key is near. An empty document reads as an empty mapping.
///
/// Wrap a field in [`Spanned`] to know where it stood.
pub fn from_str<T: DeserializeOwned>(source: &Source) -> Result<T, Vec<Diagnostic>> {
    serde_saphyr::from_str(&source.text).map_err(|e| vec![Diagnostic::bare_error(e.to_string())])
}

pub use serde_saphyr::Spanned;
