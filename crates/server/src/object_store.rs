//! What the stores of logs and of traces share: where their segments lie, and the thread that keeps them.

use crate::config::Storage;
use crate::shutdown::Shutdown;
use crate::start::StartError;
use phoenix_env::SharedDisk;
use phoenix_env::objects::{FolderObjects, SharedObjects};
use phoenix_lake::LakeError;
use std::sync::Arc;
use std::time::Duration;

/// How often a store is asked whether there is work, when it does not call by itself.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Where the segments of a signal lie, and below which prefix.
pub(crate) fn open(storage: &Storage, signal: &str, disk: &SharedDisk) -> Result<(SharedObjects, String), StartError> {
    match storage {
        Storage::Folder(folder) => {
            let folder = folder.join(signal);
            let opened = FolderObjects::open(Arc::clone(disk), folder.clone())
                .map_err(|e| StartError::new(format!("cannot use the folder of {signal} {}", folder.display()), e))?;
            Ok((Arc::new(opened), "segments".to_owned()))
        }
        Storage::Bucket(url) => {
            let opened = phoenix_objects::open(url, std::env::vars()).map_err(|e| {
                StartError::new("cannot use the bucket of `storage.url`", e)
                    .hint("check the address and the credentials in the environment")
            })?;
            Ok((opened, signal.to_owned()))
        }
    }
}

/// Why a store does not open, with what can be done.
pub(crate) fn cannot_open(signal: &str, error: LakeError) -> StartError {
    let hint = match &error {
        LakeError::DiskFull(_) => Some("make room on the disk of the data folder"),
        LakeError::Storage(_) => Some("check that the data folder, or the bucket, can be written"),
        _ => None,
    };
    StartError { hint: hint.map(str::to_owned), ..StartError::new(format!("cannot open the store of {signal}"), error) }
}

/// Starts the thread that flushes, merges and drops. It ends once the store is closed or `shutdown` has begun.
///
/// `wait` waits for work so long at most, and says no when the store is closed; `work` does some of
/// it, and says whether there is more.
pub(crate) fn maintain(
    signal: &'static str,
    wait: impl Fn(Duration) -> bool + Send + 'static,
    work: impl Fn() -> Result<bool, LakeError> + Send + 'static,
    shutdown: &Shutdown,
) -> Result<std::thread::JoinHandle<()>, StartError> {
    let shutdown = shutdown.clone();
    std::thread::Builder::new()
        .name(format!("phoenix-{signal}"))
        .spawn(move || {
            while wait(UPKEEP_INTERVAL) && !shutdown.has_begun() {
                loop {
                    match work() {
                        Ok(more) if more && !shutdown.has_begun() => {}
                        Ok(_) | Err(LakeError::Closed) => break,
                        Err(error) => {
                            tracing::error!(%error, "the store of {signal} could not do its work on disk; it is tried again");
                            break;
                        }
                    }
                }
            }
        })
        .map_err(|e| StartError::new(format!("cannot start the thread of the store of {signal}"), e))
}
