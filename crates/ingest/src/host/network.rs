//! `/proc/net/dev` and `/sys/class/net`: traffic and state of the network's interfaces.

use super::page::Page;
use super::{Host, Reason};
use std::path::Path;

/// Interfaces that are shown; machines with containers may have thousands.
const INTERFACES_LIMIT: usize = 1_000;

const COLUMNS: [(&str, &str); 16] = [
    ("receive_bytes", "Bytes received."),
    ("receive_packets", "Packets received."),
    ("receive_errs", "Errors while receiving."),
    ("receive_drop", "Packets received and dropped."),
    ("receive_fifo", "Packets lost because the queue of the interface was full."),
    ("receive_frame", "Packets received with wrong frames."),
    ("receive_compressed", "Compressed packets received."),
    ("receive_multicast", "Multicast packets received."),
    ("transmit_bytes", "Bytes sent."),
    ("transmit_packets", "Packets sent."),
    ("transmit_errs", "Errors while sending."),
    ("transmit_drop", "Packets dropped instead of being sent."),
    ("transmit_fifo", "Packets not sent because the queue of the interface was full."),
    ("transmit_colls", "Collisions while sending."),
    ("transmit_carrier", "Losses of the carrier while sending."),
    ("transmit_compressed", "Compressed packets sent."),
];

pub(super) fn devices(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/net/dev")?;
    let devices = parse(&text);
    for (index, (name, help)) in COLUMNS.iter().enumerate() {
        page.counter(&format!("node_network_{name}_total"), help);
        for (device, values) in &devices {
            if let Some(value) = values.get(index) {
                page.sample(&[("device", device)], *value);
            }
        }
    }
    page.counter("node_network_receive_nohandler_total", "Packets received that no protocol wanted.");
    for (device, _) in &devices {
        let path = Path::new("/sys/class/net").join(device).join("statistics/rx_nohandler");
        if let Some(value) = host.value(&path).and_then(|text| text.parse().ok()) {
            page.sample(&[("device", device)], value);
        }
    }
    Ok(())
}

/// Interfaces with the numbers of their lines.
fn parse(text: &str) -> Vec<(&str, Vec<f64>)> {
    let interfaces = text.lines().filter_map(|line| {
        // An alias such as `eth0:1` has a colon of its own.
        let (device, numbers) = line.rsplit_once(':')?;
        let numbers: Vec<f64> = numbers.split_whitespace().map_while(|word| word.parse().ok()).collect();
        (!numbers.is_empty()).then_some((device.trim(), numbers))
    });
    interfaces.take(INTERFACES_LIMIT).collect()
}

struct State {
    file: &'static str,
    metric: &'static str,
    is_counter: bool,
    factor: f64,
    help: &'static str,
}

const fn gauge(file: &'static str, metric: &'static str, help: &'static str) -> State {
    State { file, metric, is_counter: false, factor: 1.0, help }
}

const fn counter(file: &'static str, metric: &'static str, help: &'static str) -> State {
    State { file, metric, is_counter: true, factor: 1.0, help }
}

const STATES: [State; 16] = [
    gauge("addr_assign_type", "address_assign_type", "How the address was given, by its number in the kernel."),
    gauge("carrier", "carrier", "Whether there is a carrier."),
    counter("carrier_changes", "carrier_changes_total", "Changes of the carrier."),
    counter("carrier_down_count", "carrier_down_changes_total", "Losses of the carrier."),
    counter("carrier_up_count", "carrier_up_changes_total", "Returns of the carrier."),
    gauge("dev_id", "device_id", "Tells interfaces with one address apart."),
    gauge("dormant", "dormant", "Whether the interface waits for something outside."),
    gauge("flags", "flags", "The flags of the interface, by their bits in the kernel."),
    gauge("ifindex", "iface_id", "The number of the interface."),
    gauge("iflink", "iface_link", "The number of the interface below."),
    gauge("link_mode", "iface_link_mode", "The mode of the link, by its number in the kernel."),
    gauge("mtu", "mtu_bytes", "The largest packet in bytes."),
    gauge("name_assign_type", "name_assign_type", "How the name was given, by its number in the kernel."),
    gauge("netdev_group", "net_dev_group", "The group of the interface."),
    gauge("type", "protocol_type", "The protocol, by its number in the kernel."),
    gauge("tx_queue_len", "transmit_queue_length", "Packets that may wait to be sent."),
];

/// Megabits to bytes.
const SPEED: State =
    State { file: "speed", metric: "speed_bytes", is_counter: false, factor: 125_000.0, help: "Bytes per second that the link can carry." };

pub(super) fn interfaces(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let mut interfaces = host.entries("/sys/class/net")?;
    interfaces.retain(|(_, path)| host.value(&path.join("ifindex")).is_some()); // `bonding_masters` is a file
    interfaces.truncate(INTERFACES_LIMIT);
    for State { file, metric, is_counter, factor, help } in STATES.iter().chain([&SPEED]) {
        let values: Vec<(&str, f64)> = interfaces
            .iter()
            .filter_map(|(device, path)| Some((device.as_str(), whole_number(&host.value(&path.join(file))?)? * factor)))
            .filter(|(_, value)| *value >= 0.0) // the speed of a link that is down or virtual is -1
            .collect();
        if values.is_empty() {
            continue;
        }
        let name = format!("node_network_{metric}");
        if *is_counter {
            page.counter(&name, help);
        } else {
            page.gauge(&name, help);
        }
        for (device, value) in values {
            page.sample(&[("device", device)], value);
        }
    }
    page.gauge("node_network_info", "What the interface is.");
    for (device, path) in &interfaces {
        let text = |file: &str| host.value(&path.join(file)).unwrap_or_default();
        let [address, broadcast, duplex, ifalias, operstate] = ["address", "broadcast", "duplex", "ifalias", "operstate"].map(text);
        let labels = [
            ("address", address.as_str()),
            ("broadcast", &broadcast),
            ("device", device),
            ("duplex", &duplex),
            ("ifalias", &ifalias),
            ("operstate", &operstate),
        ];
        page.sample(&labels, 1.0);
    }
    page.gauge("node_network_up", "Whether the interface is up.");
    for (device, path) in &interfaces {
        let is_up = host.value(&path.join("operstate")).as_deref() == Some("up");
        page.sample(&[("device", device)], f64::from(u8::from(is_up)));
    }
    Ok(())
}

/// A decimal number, or a hexadecimal one with `0x`.
fn whole_number(text: &str) -> Option<f64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|n| n as f64),
        None => text.parse::<i64>().ok().map(|n| n as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_interfaces() {
        let text = "Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n    lo: 10 2 0 0 0 0 0 0 10 2 0 0 0 0 0 0\neth0:1:7466 3\n";
        let devices = parse(text);
        assert_eq!(devices.len(), 2);
        assert_eq!(devices[0].0, "lo");
        assert_eq!(devices[0].1[..2], [10.0, 2.0]);
        assert_eq!(devices[1], ("eth0:1", vec![7466.0, 3.0]));
        assert_eq!(whole_number("0x1003"), Some(4099.0));
        assert_eq!(whole_number("-1"), Some(-1.0));
        assert_eq!(whole_number(""), None);
    }
}
