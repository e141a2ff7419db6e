//! The section `storage`: where logs are kept once they leave memory.

use phoenix_model::{Diagnostic, Source};
use phoenix_yaml::{Spanned, span_of};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use url::Url;

/// Where objects are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a bucket: `s3://bucket/prefix`, `gs://…`, `az://…`. Credentials come from the environment.
    Bucket(Url),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawStorage {
    url: Option<Spanned<String>>,
}

impl RawStorage {
    /// Without an address: below the data folder.
    pub(super) fn resolve(&self, folder: &Path, data_dir: &Path, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Storage {
        let Some(written) = &self.url else { return Storage::Folder(data_dir.to_owned()) };
        // Not read as a URL: paths are relative to the file, which URLs don't know.
        if let Some(path) = written.strip_prefix("file://") {
            return Storage::Folder(folder.join(path));
        }
        match Url::parse(written) {
            Ok(url) if phoenix_objects::is_cloud(&url) => return Storage::Bucket(url),
            _ => {}
        }
        let message = format!("`{}` is not an address that logs can be kept at", written.value);
        diagnostics.push(
            Diagnostic::error(source, span_of(written, source), message)
                .with_help("write it as `file://FOLDER`, `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`"),
        );
        Storage::Folder(data_dir.to_owned())
    }
}
