//! `phoenix-platform fault`: begins and ends faults of a running service.

use crate::admin::ADMIN_HEADER;
use crate::faults::Fault;
use std::net::SocketAddr;
use std::time::Duration;

/// Asks the service; without a name it tells of all faults.
pub(crate) async fn run(target: SocketAddr, name: Option<&str>, lasting: Duration, end: bool) -> Result<(), Box<dyn std::error::Error>> {
    crate::on_loopback(target)?;
    crate::install_tls();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    let base = format!("http://{target}/admin/faults");
    let request = match name {
        None => client.get(base),
        Some(name) if end => client.delete(format!("{base}/{name}")),
        Some(name) => client.post(format!("{base}/{name}?seconds={}", lasting.as_secs())),
    };
    let response = request.header(ADMIN_HEADER, "1").send().await.map_err(|e| format!("the service on {target} does not answer: {e}"))?;
    let (status, text) = (response.status(), response.text().await?);
    if !status.is_success() {
        return Err(text.trim().into());
    }
    match name.and_then(Fault::named) {
        Some(fault) if end => println!("{} has ended; {} resolves.", fault.name(), fault.alert()),
        Some(fault) => println!("{} is on for {} s. What has to tell of it: {}.", fault.name(), lasting.as_secs(), fault.alert()),
        None => println!("{text}"),
    }
    Ok(())
}
