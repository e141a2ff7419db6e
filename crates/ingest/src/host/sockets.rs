//! The network's protocols and sockets: `/proc/net/{snmp,snmp6,netstat,sockstat,softnet_stat,arp}`.

use super::page::Page;
use super::{Host, Reason, number};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// node_exporter's default choice of protocol counters.
const SHOWN: &str = "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|\
    TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|\
    Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|\
    Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$";

pub(super) fn protocols(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    static REGEX: OnceLock<Regex> = OnceLock::new();
    let shown = REGEX.get_or_init(|| Regex::new(SHOWN).expect("the pattern is a constant"));
    let mut counters = pairs_of_lines(&host.read("/proc/net/snmp")?);
    counters.extend(pairs_of_lines(&host.read("/proc/net/netstat")?));
    // Without IPv6 there is no such file.
    counters.extend(host.read("/proc/net/snmp6").map(|text| words_with_six(&text)).unwrap_or_default());
    for (name, value) in counters.iter().filter(|(name, _)| shown.is_match(name)) {
        page.untyped(&format!("node_netstat_{name}"), &format!("{name} of the kernel's protocol counters."));
        page.sample(&[], *value);
    }
    Ok(())
}

/// A line `Tcp: ActiveOpens …` of names, then one of numbers.
fn pairs_of_lines(text: &str) -> BTreeMap<String, f64> {
    let mut counters = BTreeMap::new();
    let mut lines = text.lines();
    while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
        let (Some((protocol, names)), Some((_, values))) = (names.split_once(':'), values.split_once(':')) else { continue };
        for (name, value) in names.split_whitespace().zip(values.split_whitespace()) {
            if let Ok(value) = value.parse() {
                counters.insert(format!("{protocol}_{name}"), value);
            }
        }
    }
    counters
}

/// Lines such as `Ip6InOctets 123`, where the protocol ends with the 6.
fn words_with_six(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, value) = (words.next()?, words.next()?.parse().ok()?);
        let (protocol, name) = name.split_once('6')?;
        Some((format!("{protocol}6_{name}"), value))
    });
    lines.collect()
}

pub(super) fn sockets(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let page_bytes = rustix::param::page_size() as f64;
    let mut found = parse_sockets(&host.read("/proc/net/sockstat")?);
    found.extend(host.read("/proc/net/sockstat6").map(|text| parse_sockets(&text)).unwrap_or_default());
    let mut gauge = |name: &str, what: &str, value: f64| {
        page.one_gauge(&format!("node_sockstat_{name}"), &format!("{name} of the kernel's counts of sockets{what}."), value);
    };
    for (name, value) in &found {
        gauge(name, "", *value);
        if name.ends_with("_mem") {
            gauge(&format!("{name}_bytes"), ", in bytes", value * page_bytes);
        }
    }
    Ok(())
}

/// Lines such as `TCP: inuse 5 orphan 0`.
fn parse_sockets(text: &str) -> Vec<(String, f64)> {
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((protocol, rest)) = line.split_once(':') else { continue };
        let words: Vec<&str> = rest.split_whitespace().collect();
        for pair in words.chunks_exact(2) {
            if let Ok(value) = pair[1].parse() {
                found.push((format!("{protocol}_{}", pair[0]), value));
            }
        }
    }
    found
}

pub(super) fn packet_queues(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/net/softnet_stat")?;
    let rows = parse_queues(&text);
    let columns = [
        (1, "dropped", "Packets dropped because the queue of the processor was full."),
        (0, "processed", "Packets that the processor took from its queue."),
        (2, "times_squeezed", "Times that the processor ran out of budget or time with packets left."),
    ];
    for (column, name, help) in columns {
        page.counter(&format!("node_softnet_{name}_total"), help);
        for (cpu, row) in &rows {
            if let Some(value) = row.get(column) {
                page.sample(&[("cpu", &cpu.to_string())], *value as f64);
            }
        }
    }
    Ok(())
}

/// The processor's number stands in the 13th column; older kernels have one row for each in order.
fn parse_queues(text: &str) -> Vec<(u64, Vec<u64>)> {
    let rows = text.lines().enumerate().map(|(index, line)| {
        let row: Vec<u64> = line.split_whitespace().map_while(|word| u64::from_str_radix(word, 16).ok()).collect();
        (row.get(12).copied().unwrap_or(index as u64), row)
    });
    rows.collect()
}

pub(super) fn tracked_connections(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let read = |name: &str| -> Result<f64, Reason> {
        let text = host.read(format!("/proc/sys/net/netfilter/{name}"))?;
        number(text.trim(), name)
    };
    let (entries, limit) = (read("nf_conntrack_count")?, read("nf_conntrack_max")?);
    page.one_gauge("node_nf_conntrack_entries", "Connections that the packet filter tracks.", entries);
    page.one_gauge("node_nf_conntrack_entries_limit", "Connections that the packet filter may track.", limit);
    Ok(())
}

pub(super) fn neighbours(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/net/arp")?;
    let mut by_device: BTreeMap<&str, u32> = BTreeMap::new();
    for line in text.lines().skip(1) {
        if let Some(device) = line.split_whitespace().nth(5) {
            *by_device.entry(device).or_default() += 1;
        }
    }
    page.gauge("node_arp_entries", "Neighbours known on the interface.");
    for (device, count) in by_device {
        page.sample(&[("device", device)], f64::from(count));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_protocols() {
        let text = "Tcp: ActiveOpens MaxConn InSegs\nTcp: 5 -1 7\nTcpExt: ListenDrops\nTcpExt: 3\ntorn\n";
        let counters = pairs_of_lines(text);
        assert_eq!(counters["Tcp_ActiveOpens"], 5.0);
        assert_eq!(counters["Tcp_MaxConn"], -1.0);
        assert_eq!(counters["TcpExt_ListenDrops"], 3.0);
        assert_eq!(counters.len(), 4);
        assert_eq!(
            words_with_six("Ip6InOctets  12\nUdpLite6InErrors 0\nodd\n").keys().collect::<Vec<_>>(),
            ["Ip6_InOctets", "UdpLite6_InErrors"]
        );
    }

    #[test]
    fn sockets_and_queues() {
        assert_eq!(
            parse_sockets("sockets: used 38\nTCP: inuse 3 mem 2\n"),
            [("sockets_used".to_owned(), 38.0), ("TCP_inuse".to_owned(), 3.0), ("TCP_mem".to_owned(), 2.0)]
        );
        let old = "0000000a 00000001 00000002\n0000000b 0 0\n";
        assert_eq!(parse_queues(old), [(0, vec![10, 1, 2]), (1, vec![11, 0, 0])]);
        assert_eq!(parse_queues("1 2 3 0 0 0 0 0 0 0 0 0 7")[0].0, 7);
    }
}
