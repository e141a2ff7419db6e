//! From a host's name to the one address that is probed.

use crate::config::IpProtocol;
use crate::run::Trial;
use std::net::IpAddr;

/// Which family of addresses is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) preferred: IpProtocol,
    /// Whether the other family is taken when the preferred one is missing.
    pub(crate) fallback: bool,
}

/// Resolves a host and notes how long that took. There is one attempt at one address: who asks whether both
/// families work makes two probes.
pub(crate) async fn resolve(host: &str, choice: Choice, trial: &mut Trial) -> Result<IpAddr, String> {
    trial.log(format!("resolving {host}, {} preferred", choice.preferred.as_str()));
    let started = trial.now();
    let found = addresses(host).await;
    let seconds = trial.seconds_since(started);
    trial.gauges.set("probe_dns_lookup_time_seconds", "Returns the time taken for probe dns lookup in seconds", seconds);
    let addresses = found?;
    let wanted = |address: &&IpAddr| address.is_ipv6() == (choice.preferred == IpProtocol::Ip6);
    let chosen = addresses.iter().find(wanted).or_else(|| addresses.first().filter(|_| choice.fallback));
    let Some(&address) = chosen else {
        return Err(format!("{host} has no {} address, and the other family is not to be taken", choice.preferred.as_str()));
    };
    trial.log(format!("{host} is {address}"));
    let version = if address.is_ipv4() { 4.0 } else { 6.0 };
    trial.gauges.set("probe_ip_protocol", IP_PROTOCOL, version);
    trial.gauges.set("probe_ip_addr_hash", IP_HASH, f64::from(hash(address)));
    Ok(address)
}

pub(crate) const IP_PROTOCOL: &str = "Specifies whether probe ip protocol is IP4 or IP6";
pub(crate) const IP_HASH: &str = "Specifies the hash of IP address. It's useful to detect if the IP address changes.";

async fn addresses(host: &str) -> Result<Vec<IpAddr>, String> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let found = tokio::net::lookup_host((host, 0)).await.map_err(|e| format!("{host} cannot be resolved: {e}"))?;
    Ok(found.map(|address| address.ip()).collect())
}

/// FNV-1a in 32 bits of the address' bytes, as blackbox_exporter has it.
fn hash(address: IpAddr) -> u32 {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    bytes.iter().fold(2_166_136_261, |hash: u32, byte| (hash ^ u32::from(*byte)).wrapping_mul(16_777_619))
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn the_hash_is_that_of_blackbox_exporter() {
        // Read from blackbox_exporter 0.23.
        assert_eq!(hash("127.0.0.1".parse().unwrap()), 3_668_918_509);
    }
}
