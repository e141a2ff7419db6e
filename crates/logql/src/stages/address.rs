//! `ip("…")`: addresses, ranges and blocks, in labels and anywhere in lines.

use std::net::{IpAddr, Ipv4Addr};

/// Addresses from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AddressRange {
    from: IpAddr,
    to: IpAddr,
}

impl AddressRange {
    /// Reads an address, a range `a-b` or a block `a/n`; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some((from, to)) = text.split_once('-') {
            let (from, to): (IpAddr, IpAddr) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            return (from.is_ipv4() == to.is_ipv4()).then_some(Self { from, to });
        }
        let Some((address, length)) = text.split_once('/') else {
            let address = text.parse().ok()?;
            return Some(Self { from: address, to: address });
        };
        let length: u32 = length.parse().ok()?;
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let host = u32::MAX.checked_shr(length).unwrap_or(0);
                (length <= 32).then(|| {
                    let bits = u32::from(address);
                    Self { from: IpAddr::V4((bits & !host).into()), to: IpAddr::V4((bits | host).into()) }
                })
            }
            IpAddr::V6(address) => {
                let host = u128::MAX.checked_shr(length).unwrap_or(0);
                (length <= 128).then(|| {
                    let bits = u128::from(address);
                    Self { from: IpAddr::V6((bits & !host).into()), to: IpAddr::V6((bits | host).into()) }
                })
            }
        }
    }

    fn holds(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.from.is_ipv4() && self.from <= address && address <= self.to
    }

    /// Whether one of the addresses stands somewhere in the text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        let is_part = |b: u8| b.is_ascii_hexdigit() || b == b'.' || b == b':';
        text.as_bytes().split(|b| !is_part(*b)).filter(|token| token.len() >= 2).any(|token| {
            let token = std::str::from_utf8(token).unwrap_or("");
            self.is_token(token)
        })
    }

    fn is_token(&self, token: &str) -> bool {
        // The end of a sentence, and the colon behind a word, are no parts of an address.
        let trimmed = token.trim_end_matches('.');
        for candidate in [trimmed, trimmed.strip_suffix(':').unwrap_or(trimmed)] {
            if let Ok(address) = candidate.parse::<IpAddr>() {
                return self.holds(address);
            }
        }
        // `10.0.0.1:8080`, or an address behind letters that could be hexadecimal.
        token
            .split(|c: char| c != '.' && !c.is_ascii_digit())
            .filter_map(|part| part.trim_matches('.').parse::<Ipv4Addr>().ok())
            .any(|address| self.holds(IpAddr::V4(address)))
    }
}

#[cfg(test)]
mod tests {
    use super::AddressRange;

    #[test]
    fn finds_addresses() {
        for (range, text, want) in [
            ("3.180.71.3", "3.180.71.3 - - GET", true),
            ("3.180.71.3", "93.180.71.3 - - GET", false),
            ("3.180.71.3", "addr=3.180.71.3:80", true),
            ("3.180.71.3", "from 3.180.71.3.", true),
            ("192.168.4.5/16", "host 192.168.200.1 x", true),
            ("192.168.4.5/16", "host 192.169.200.1 x", false),
            ("192.168.4.5-192.168.4.20", "192.168.4.20", true),
            ("192.168.4.5-192.168.4.20", "192.168.4.21", false),
            ("0.0.0.0/0", "1.2.3", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("2001:db8::/32", "[2001:db8::1]:443", true),
            ("::1", "at ::1", true),
            ("::1", "12:30:45 ok", false),
            ("2001:db8::1-2001:db8::8", "2001:db8::9", false),
        ] {
            assert_eq!(AddressRange::parse(range).unwrap().is_in(text), want, "{range} in {text:?}");
        }
        for bad in ["", "x", "1.2.3.4/33", "1.2.3.4-::1", "::/129"] {
            assert_eq!(AddressRange::parse(bad), None, "{bad}");
        }
    }
}
