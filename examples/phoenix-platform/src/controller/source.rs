//! Where samples of the host's processes come from.

use crate::pipelines::{self, Process};
use std::net::SocketAddr;
use std::time::Duration;

/// A sample has so many bytes at most: twenty thousand processes with long names.
const MAX_SAMPLE_BYTES: u64 = 8 << 20;

/// Who reads `/proc`.
pub(crate) enum Source {
    /// This process.
    Own,
    /// A collector.
    Collector { client: reqwest::Client, url: String },
}

impl Source {
    /// The collector at an address, or this process.
    pub(crate) fn new(collector: Option<SocketAddr>) -> Result<Self, reqwest::Error> {
        let Some(collector) = collector else { return Ok(Self::Own) };
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        Ok(Self::Collector { client, url: format!("http://{collector}/sample") })
    }

    /// All processes of the host.
    pub(super) async fn read(&self) -> Result<Vec<Process>, String> {
        match self {
            Self::Own => {
                let read = tokio::task::spawn_blocking(pipelines::read).await.map_err(std::io::Error::other).flatten();
                read.map_err(|e| format!("/proc can't be read: {e}"))
            }
            Self::Collector { client, url } => {
                let ask = async {
                    let answer = client.get(url).send().await?.error_for_status()?;
                    if answer.content_length().is_some_and(|bytes| bytes > MAX_SAMPLE_BYTES) {
                        return Ok(None);
                    }
                    answer.json::<Vec<Process>>().await.map(Some)
                };
                let sample = ask.await.map_err(|e| format!("the collector gives no sample: {e}"))?;
                sample.ok_or_else(|| format!("the collector gives no sample: it is longer than {MAX_SAMPLE_BYTES} bytes"))
            }
        }
    }
}
