//! Who reads from the store.

use super::{FOLLOW, TOKEN_HEADER};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

/// Where a store is, and what opens it.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) address: SocketAddr,
    pub(crate) ca_file: PathBuf,
    pub(crate) token: String,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    value: String,
}

impl Store {
    /// A client that trusts the store alone, and the request for a secret.
    pub(super) async fn request(
        &self,
        name: &str,
    ) -> Result<(reqwest::Client, reqwest::Request), Box<dyn std::error::Error + Send + Sync>> {
        let authority = tokio::fs::read(&self.ca_file).await.map_err(|e| format!("{}: {e}", self.ca_file.display()))?;
        let authority = reqwest::Certificate::from_pem(&authority)?;
        let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).tls_certs_only([authority]).build()?;
        let request = client.get(format!("https://{}/v1/secret/{name}", self.address)).header(TOKEN_HEADER, &self.token).build()?;
        Ok((client, request))
    }

    pub(super) async fn read(&self, name: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let (client, request) = self.request(name).await?;
        let answer: Answer = client.execute(request).await?.error_for_status()?.json().await?;
        Ok(answer.data.value)
    }
}

/// A secret as it changes. It waits for the first value, as long as it takes; later ones replace it, and a store that is
/// away leaves the last.
pub(crate) async fn follow(store: Store, name: &'static str) -> watch::Receiver<Option<String>> {
    let (sender, mut receiver) = watch::channel(None);
    tokio::spawn(async move {
        while !sender.is_closed() {
            match store.read(name).await {
                Ok(value) => {
                    sender.send_if_modified(|known| known.replace(value.clone()).is_none_or(|known| known != value));
                }
                Err(error) => tracing::warn!(%error, name, "the secret store does not answer"),
            }
            let is_known = sender.borrow().is_some();
            wait(if is_known { FOLLOW } else { Duration::from_millis(200) }).await;
        }
    });
    // The sender lives as long as the receiver does.
    let _ = receiver.wait_for(Option::is_some).await;
    receiver
}

#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}
