//! Objects in the buckets of S3, Google Cloud Storage and Azure, behind [`ObjectStore`].
//!
//! Credentials come from the environment under the names that each cloud's own tools read
//! (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME`, …).
//! Failed requests are tried again by the client for [`RETRY_SECONDS`]; whoever calls decides what
//! to do after that.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ClientOptions, MultipartUpload, ObjectStoreExt, PutPayload, RetryConfig};
use phoenix_env::objects::{ObjectError, ObjectErrorKind, ObjectStore, ObjectWriter, SharedObjects};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// For how long a failing request is tried again before the caller is told.
pub const RETRY_SECONDS: u64 = 10;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// A part of an upload. S3 wants at least 5 MiB for all but the last, and takes 10,000 of them.
const PART_BYTES: usize = 8 << 20;

/// Why a bucket cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// The address is of no kind that is known.
    #[error("`{url}` is not the address of a bucket: {reason}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The threads for requests could not be started.
    #[error("cannot start the threads for requests: {0}")]
    Threads(std::io::Error),
}

/// Whether an address names a bucket that this room can open.
pub fn is_cloud(url: &Url) -> bool {
    matches!(url.scheme(), "s3" | "s3a" | "gs" | "az" | "azure" | "abfs" | "abfss")
}

/// Opens `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`. `settings` are
/// pairs as they stand in the environment; what the cloud's client does not know is passed over.
/// Nothing is asked of the cloud yet.
pub fn open(url: &Url, settings: impl IntoIterator<Item = (String, String)>) -> Result<SharedObjects, CloudError> {
    let failed = |reason: String| CloudError::Address { url: url.to_string(), reason };
    if !is_cloud(url) {
        return Err(failed("it begins with none of s3://, gs://, az://".to_owned()));
    }
    let settings: Vec<(String, String)> = settings.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let retry = RetryConfig { max_retries: 6, retry_timeout: Duration::from_secs(RETRY_SECONDS), ..RetryConfig::default() };
    let allow_http = settings.iter().any(|(name, value)| name.ends_with("allow_http") && value.eq_ignore_ascii_case("true"));
    let client = ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_allow_http(allow_http);
    let bucket = url.host_str().ok_or_else(|| failed("it names no bucket".to_owned()))?;
    let store: Arc<dyn object_store::ObjectStore> = match url.scheme() {
        "s3" | "s3a" => {
            let mut builder =
                object_store::aws::AmazonS3Builder::new().with_bucket_name(bucket).with_retry(retry).with_client_options(client);
            for (name, value) in &settings {
                if let Ok(key) = name.parse() {
                    builder = builder.with_config(key, value);
                }
            }
            Arc::new(builder.build().map_err(|e| failed(e.to_string()))?)
        }
        "gs" => {
            let mut builder =
                object_store::gcp::GoogleCloudStorageBuilder::new().with_bucket_name(bucket).with_retry(retry).with_client_options(client);
            for (name, value) in &settings {
                if let Ok(key) = name.parse() {
                    builder = builder.with_config(key, value);
                }
            }
            Arc::new(builder.build().map_err(|e| failed(e.to_string()))?)
        }
        _ => {
            let mut builder =
                object_store::azure::MicrosoftAzureBuilder::new().with_container_name(bucket).with_retry(retry).with_client_options(client);
            for (name, value) in &settings {
                if let Ok(key) = name.parse() {
                    builder = builder.with_config(key, value);
                }
            }
            Arc::new(builder.build().map_err(|e| failed(e.to_string()))?)
        }
    };
    let runtime =
        Builder::new_multi_thread().worker_threads(2).thread_name("phoenix-objects").enable_all().build().map_err(CloudError::Threads)?;
    let prefix = url.path().trim_matches('/').to_owned();
    Ok(Arc::new(CloudObjects { store, prefix, runtime: Arc::new(Requests(Some(runtime))) }))
}

/// The threads that requests run on. Dropped without waiting, since that may happen on a thread
/// that must not block.
struct Requests(Option<Runtime>);

impl Requests {
    fn run<T: Send>(&self, request: impl Future<Output = T> + Send) -> T {
        let runtime = self.0.as_ref().expect("the threads live as long as the store");
        if tokio::runtime::Handle::try_current().is_err() {
            return runtime.block_on(request);
        }
        // Whoever opens or closes a store may be within another runtime, where tokio refuses to wait.
        let outcome = std::thread::scope(|scope| scope.spawn(|| runtime.block_on(request)).join());
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

struct CloudObjects {
    store: Arc<dyn object_store::ObjectStore>,
    prefix: String,
    runtime: Arc<Requests>,
}

impl CloudObjects {
    fn path(&self, key: &str) -> Path {
        match (self.prefix.as_str(), key) {
            ("", key) => Path::from(key),
            (prefix, "") => Path::from(prefix),
            (prefix, key) => Path::from(format!("{prefix}/{key}")),
        }
    }
}

fn object_error(action: &'static str, key: &str, error: &object_store::Error) -> ObjectError {
    let kind = match error {
        object_store::Error::NotFound { .. } => ObjectErrorKind::NotFound,
        _ => ObjectErrorKind::Other,
    };
    // The outer message alone is often `Generic S3 error`.
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if !reason.contains(&text) {
            reason = format!("{reason}: {text}");
        }
        source = cause.source();
    }
    ObjectError { action, key: key.to_owned(), reason, kind }
}

impl ObjectStore for CloudObjects {
    fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>, ObjectError> {
        Ok(Box::new(Upload {
            store: Arc::clone(&self.store),
            runtime: Arc::clone(&self.runtime),
            key: key.to_owned(),
            path: self.path(key),
            buffer: Vec::new(),
            parts: None,
        }))
    }

    fn read_range(&self, key: &str, offset: u64, length: usize) -> Result<Vec<u8>, ObjectError> {
        if length == 0 {
            return Ok(Vec::new());
        }
        let path = self.path(key);
        let range = offset..offset + length as u64;
        let bytes = self.runtime.run(self.store.get_range(&path, range)).map_err(|e| object_error("read", key, &e))?;
        if bytes.len() != length {
            let reason = format!("{} bytes came at {offset}, {length} were wanted", bytes.len());
            return Err(ObjectError { action: "read", key: key.to_owned(), reason, kind: ObjectErrorKind::Other });
        }
        Ok(bytes.into())
    }

    fn size(&self, key: &str) -> Result<u64, ObjectError> {
        let path = self.path(key);
        self.runtime.run(self.store.head(&path)).map(|meta| meta.size).map_err(|e| object_error("read", key, &e))
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        let path = self.path(prefix);
        let cut = if self.prefix.is_empty() { 0 } else { self.prefix.len() + 1 };
        let listing = self.store.list(Some(&path)).map_ok(|meta| meta.location.to_string()).boxed();
        let mut keys: Vec<String> = self.runtime.run(listing.try_collect::<Vec<_>>()).map_err(|e| object_error("list", prefix, &e))?;
        keys = keys.into_iter().filter_map(|key| key.get(cut..).map(str::to_owned)).collect();
        keys.sort();
        Ok(keys)
    }

    fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let path = self.path(key);
        match self.runtime.run(self.store.delete(&path)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(object_error("delete", key, &error)),
        }
    }

    fn is_remote(&self) -> bool {
        true
    }
}

/// An object on its way: one request if it is small, else parts of [`PART_BYTES`].
struct Upload {
    store: Arc<dyn object_store::ObjectStore>,
    runtime: Arc<Requests>,
    key: String,
    path: Path,
    buffer: Vec<u8>,
    parts: Option<Box<dyn MultipartUpload>>,
}

impl Upload {
    fn send_part(&mut self) -> Result<(), ObjectError> {
        let part = PutPayload::from(Bytes::from(std::mem::take(&mut self.buffer)));
        let sent = self.runtime.run(async {
            if self.parts.is_none() {
                self.parts = Some(self.store.put_multipart(&self.path).await?);
            }
            let parts = self.parts.as_mut().expect("made above");
            parts.put_part(part).await
        });
        sent.map_err(|e| object_error("write", &self.key, &e))
    }
}

impl ObjectWriter for Upload {
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), ObjectError> {
        while self.buffer.len() + bytes.len() >= PART_BYTES {
            let (now, later) = bytes.split_at(PART_BYTES - self.buffer.len());
            self.buffer.extend_from_slice(now);
            bytes = later;
            self.send_part()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ObjectError> {
        if self.parts.is_none() {
            let whole = PutPayload::from(Bytes::from(std::mem::take(&mut self.buffer)));
            let put = self.runtime.run(self.store.put(&self.path, whole));
            return put.map(drop).map_err(|e| object_error("write", &self.key, &e));
        }
        if !self.buffer.is_empty() {
            self.send_part()?;
        }
        let mut parts = self.parts.take().expect("checked above");
        let completed = self.runtime.run(parts.complete());
        if completed.is_err() {
            self.parts = Some(parts);
        }
        completed.map(drop).map_err(|e| object_error("write", &self.key, &e))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(mut parts) = self.parts.take()
            && let Err(error) = self.runtime.run(parts.abort())
        {
            tracing::warn!(key = self.key, %error, "parts of an unfinished upload may be left in the bucket");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_other_kinds_are_refused() {
        for (address, want) in
            [("http://example.org/x", "it begins with none of s3://, gs://, az://"), ("file:///x", "it begins with none of")]
        {
            let error = open(&Url::parse(address).unwrap(), []).map(drop).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
    }
}
