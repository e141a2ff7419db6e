//! Which distribution runs here, and what keeps its time.

use super::page::Page;
use super::{Host, Reason};
use std::path::Path;

const FIELDS: [&str; 12] = [
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
];

pub(super) fn distribution(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/etc/os-release").or_else(|_| host.read("/usr/lib/os-release"))?;
    let value = |field: &str| value_of(&text, &field.to_ascii_uppercase());
    let values = FIELDS.map(value);
    let labels: Vec<(&str, &str)> = FIELDS.iter().zip(&values).map(|(name, value)| (*name, value.as_str())).collect();
    page.gauge("node_os_info", "The distribution, as its os-release file tells.");
    page.sample(&labels, 1.0);
    // Major and minor: 22.04 of 22.04.3.
    let version: Vec<&str> = values[11].split('.').take(2).collect();
    if let Ok(version) = version.join(".").parse() {
        page.gauge("node_os_version", "Major and minor version of the distribution.");
        page.sample(&[("id", &values[1]), ("id_like", &values[2]), ("name", &values[5])], version);
    }
    Ok(())
}

/// The value of a line `KEY=value` or `KEY="value"`.
fn value_of(text: &str, key: &str) -> String {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let value = value.unwrap_or("").trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    unquoted.unwrap_or(value).replace("\\\"", "\"").replace("\\\\", "\\")
}

pub(super) fn clock_sources(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let folder = Path::new("/sys/devices/system/clocksource");
    let mut devices = Vec::new();
    for (name, path) in host.entries(&folder.to_string_lossy())? {
        let Some(device) = name.strip_prefix("clocksource") else { continue };
        let text = |file: &str| host.value(&path.join(file)).unwrap_or_default();
        devices.push((device.to_owned(), text("available_clocksource"), text("current_clocksource")));
    }
    page.gauge("node_time_clocksource_available_info", "What could keep the time.");
    for (device, available, _) in &devices {
        for source in available.split_whitespace() {
            page.sample(&[("clocksource", source), ("device", device)], 1.0);
        }
    }
    page.gauge("node_time_clocksource_current_info", "What keeps the time.");
    for (device, _, current) in devices.iter().filter(|(_, _, current)| !current.is_empty()) {
        page.sample(&[("clocksource", current), ("device", device)], 1.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_os_release() {
        let text = "PRETTY_NAME=\"Debian \\\"12\\\"\"\nID=debian\nVERSION_ID='12'\nNAME=Debian\n";
        for (key, want) in [("PRETTY_NAME", "Debian \"12\""), ("ID", "debian"), ("VERSION_ID", "12"), ("VARIANT", ""), ("NAME", "Debian")] {
            assert_eq!(value_of(text, key), want);
        }
    }
}
