//! One signal that everything long-lived listens to.

use tokio::sync::watch;

/// Tells when to end; clones share the signal.
#[derive(Debug, Clone)]
pub struct Shutdown {
    sender: std::sync::Arc<watch::Sender<bool>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { sender: std::sync::Arc::new(watch::channel(false).0) }
    }
}

impl Shutdown {
    /// Gives the signal.
    pub fn begin(&self) {
        self.sender.send_replace(true);
    }

    /// Whether the signal was given.
    pub fn has_begun(&self) -> bool {
        *self.sender.borrow()
    }

    /// Resolves when the signal is given.
    pub async fn wait(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives as long as `self`, so an error cannot happen while somebody waits.
        let _ = receiver.wait_for(|begun| *begun).await;
    }
}
