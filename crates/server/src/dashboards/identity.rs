//! Names of dashboards and folders: uids, the numbers that older clients want, and readable parts of links.

use super::LibraryError;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Characters of a uid, at most, as in Grafana.
const MAX_UID: usize = 40;
/// Characters of a title, at most.
const MAX_TITLE: usize = 500;

/// Paths of the native API that a dashboard's uid would hide.
const RESERVED: [&str; 2] = ["read", "query"];

/// A uid that nothing else has.
pub(super) fn fresh_uid() -> String {
    // Two keys of the operating system's randomness.
    let half = || RandomState::new().build_hasher().finish();
    format!("{:012x}{:04x}", half() >> 16, half() >> 48)
}

/// Refuses what cannot stand in links.
pub(super) fn check_uid(uid: &str) -> Result<(), LibraryError> {
    let reason = if uid.is_empty() {
        "is empty".to_owned()
    } else if uid.chars().count() > MAX_UID {
        format!("has more than {MAX_UID} characters")
    } else if !uid.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        "has characters other than letters, digits, `-` and `_`".to_owned()
    } else if RESERVED.contains(&uid) {
        "is a name that Phoenix uses itself".to_owned()
    } else {
        return Ok(());
    };
    Err(LibraryError::Invalid(format!("the uid `{}` {reason}: choose another", uid.chars().take(MAX_UID).collect::<String>())))
}

/// Refuses a title that is blank or too long.
pub(super) fn check_title(title: &str) -> Result<(), LibraryError> {
    match title.trim().chars().count() {
        0 => Err(LibraryError::Invalid("the title is empty".to_owned())),
        n if n > MAX_TITLE => Err(LibraryError::Invalid(format!("the title has more than {MAX_TITLE} characters"))),
        _ => Ok(()),
    }
}

/// The number that stands for a uid in Grafana's older API: the same in every Phoenix, and exact in JSON.
pub(crate) fn number(uid: &str) -> i64 {
    // FNV-1a, cut to 48 bits.
    let hash = uid.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    ((hash ^ (hash >> 48)) & 0xffff_ffff_ffff).max(1).cast_signed()
}

/// A title as the readable part of a link.
pub(crate) fn slug(title: &str) -> String {
    let mut out = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn uids_fit_links() {
        for (uid, fits) in
            [("a", true), ("Node_1-x", true), ("", false), ("a/b", false), ("a b", false), ("ä", false), ("query", false), ("a.b", false)]
        {
            assert_eq!(check_uid(uid).is_ok(), fits, "{uid}");
        }
        assert!(check_uid(&"x".repeat(40)).is_ok() && check_uid(&"x".repeat(41)).is_err());
        let fresh: HashSet<String> = (0..100).map(|_| fresh_uid()).collect();
        assert!(fresh.len() == 100 && fresh.iter().all(|uid| uid.len() == 16 && check_uid(uid).is_ok()), "{fresh:?}");
    }

    #[test]
    fn numbers_and_slugs_do_not_change() {
        let numbers: HashSet<i64> = (0..10_000).map(|n| number(&format!("dashboard-{n}"))).collect();
        assert_eq!(numbers.len(), 10_000);
        assert!(numbers.iter().all(|n| (1..1 << 48).contains(n)));
        assert_eq!(number("phoenix"), 162_718_837_675_731);
        for (title, want) in [("Production Overview", "production-overview"), (" A / B! ", "a-b"), ("Größe", "größe"), ("!", "")] {
            assert_eq!(slug(title), want);
        }
    }
}
