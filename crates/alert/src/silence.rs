//! Silences: what people asked to be quiet about, and for how long.
//!
//! This is the part without I/O: every change says which silences have to be written before it
//! counts ([`Change`]); the caller writes them and then takes the change in.

use crate::fingerprint::Fingerprint;
use crate::matchers::Matchers;
use phoenix_model::{Labels, MatchOp, Matcher};
use phoenix_state::{StoredMatcher, StoredSilence};
use std::collections::{BTreeMap, HashMap};

/// How long a silence is kept after it has ended, as Alertmanager's `--data.retention` by default.
pub const RETENTION_MS: i64 = 120 * 3_600_000;

/// Where a silence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    /// It mutes.
    Active,
    /// It will mute.
    Pending,
    /// It no longer mutes.
    Expired,
}

/// A silence. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// A UUID; empty for one that does not exist yet.
    pub id: String,
    /// All have to match.
    pub matchers: Matchers,
    /// From when on.
    pub starts_at_ms: i64,
    /// Until when.
    pub ends_at_ms: i64,
    /// When it was last changed.
    pub updated_at_ms: i64,
    /// Who asked for it.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// Why a silence can't be made or ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SilenceError {
    /// There is none with this id.
    #[error("silence {0} not found")]
    NotFound(String),
    /// It makes no sense.
    #[error("silence invalid: {0}")]
    Invalid(String),
    /// There are as many as there may be.
    #[error("limit of {0} silences reached; old ones are forgotten five days after their end")]
    TooMany(usize),
}

impl Silence {
    /// Where it stands at a moment.
    pub fn state(&self, now_ms: i64) -> SilenceState {
        if now_ms < self.starts_at_ms {
            SilenceState::Pending
        } else if now_ms < self.ends_at_ms {
            SilenceState::Active
        } else {
            SilenceState::Expired
        }
    }

    fn check(&self) -> Result<(), SilenceError> {
        let invalid = |reason: &str| Err(SilenceError::Invalid(reason.to_owned()));
        if self.matchers.is_empty() {
            return invalid("at least one matcher required");
        }
        if self.matchers.iter().any(|matcher| matcher.name.is_empty()) {
            return invalid("a matcher names no label");
        }
        if self.matchers.iter().all(Matcher::matches_empty) {
            return invalid("at least one matcher must not match the empty string");
        }
        if self.ends_at_ms < self.starts_at_ms {
            return invalid("end time must not be before start time");
        }
        Ok(())
    }

    /// Whether `self` may take the place of `old` under its id: only the end of what is active may
    /// move, and a pending one may not begin in the past. Anything else is a new silence.
    fn can_replace(&self, old: &Self, now_ms: i64) -> bool {
        self.matchers == old.matchers
            && match old.state(now_ms) {
                SilenceState::Active => self.starts_at_ms / 1_000 == old.starts_at_ms / 1_000 && self.ends_at_ms >= now_ms,
                SilenceState::Pending => self.starts_at_ms >= now_ms,
                SilenceState::Expired => false,
            }
    }

    /// As it is kept.
    pub fn to_stored(&self) -> StoredSilence {
        StoredSilence {
            id: self.id.clone(),
            matchers: self
                .matchers
                .iter()
                .map(|m| StoredMatcher { name: m.name.clone(), op: m.op.as_str().to_owned(), value: m.value.clone() })
                .collect(),
            starts_at_ms: self.starts_at_ms,
            ends_at_ms: self.ends_at_ms,
            updated_at_ms: self.updated_at_ms,
            created_by: self.created_by.clone(),
            comment: self.comment.clone(),
        }
    }

    /// From how it is kept; says what is wrong with it.
    pub fn from_stored(stored: StoredSilence) -> Result<Self, String> {
        let mut matchers = Vec::new();
        for matcher in stored.matchers {
            let op = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex]
                .into_iter()
                .find(|op| op.as_str() == matcher.op)
                .ok_or_else(|| format!("unknown operator {:?}", matcher.op))?;
            matchers.push(Matcher::new(matcher.name, op, matcher.value).map_err(|e| e.to_string())?);
        }
        Ok(Self {
            id: stored.id,
            matchers: Matchers::new(matchers),
            starts_at_ms: stored.starts_at_ms,
            ends_at_ms: stored.ends_at_ms,
            updated_at_ms: stored.updated_at_ms,
            created_by: stored.created_by,
            comment: stored.comment,
        })
    }
}

/// Silences to write, in one transaction, before they count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The silence that was asked for, under its id.
    pub id: String,
    /// Everything that changes.
    pub silences: Vec<Silence>,
}

/// All silences, and which of them match which alerts.
#[derive(Debug, Default)]
pub struct Silences {
    by_id: BTreeMap<String, Silence>,
    /// Goes up with every change; older cache entries are looked up anew.
    version: u64,
    matching: HashMap<Fingerprint, (u64, Vec<String>)>,
}

impl Silences {
    /// What `wanted` leads to: an edit of the silence with its id if that is allowed, else the end
    /// of that one and the beginning of a new one. `new_id` gives a fresh UUID.
    pub fn set(&self, mut wanted: Silence, now_ms: i64, limit: usize, new_id: impl FnOnce() -> String) -> Result<Change, SilenceError> {
        wanted.updated_at_ms = now_ms;
        let old = match wanted.id.as_str() {
            "" => None,
            id => Some(self.by_id.get(id).ok_or_else(|| SilenceError::NotFound(id.to_owned()))?),
        };
        if let Some(old) = old
            && wanted.can_replace(old, now_ms)
        {
            wanted.check()?;
            return Ok(Change { id: wanted.id.clone(), silences: vec![wanted] });
        }
        wanted.starts_at_ms = wanted.starts_at_ms.max(now_ms);
        wanted.check()?;
        if self.by_id.len() >= limit {
            return Err(SilenceError::TooMany(limit));
        }
        wanted.id = new_id();
        let mut silences = Vec::new();
        if let Some(old) = old.filter(|old| old.state(now_ms) != SilenceState::Expired) {
            silences.push(ended(old, now_ms));
        }
        silences.push(wanted.clone());
        Ok(Change { id: wanted.id, silences })
    }

    /// What ending a silence leads to; nothing to write when it has ended already.
    pub fn expire(&self, id: &str, now_ms: i64) -> Result<Change, SilenceError> {
        let old = self.by_id.get(id).ok_or_else(|| SilenceError::NotFound(id.to_owned()))?;
        let silences = if old.state(now_ms) == SilenceState::Expired { vec![] } else { vec![ended(old, now_ms)] };
        Ok(Change { id: id.to_owned(), silences })
    }

    /// Takes a change in that has been written.
    pub fn take_in(&mut self, silences: impl IntoIterator<Item = Silence>) {
        for silence in silences {
            self.by_id.insert(silence.id.clone(), silence);
        }
        self.version += 1;
    }

    /// The silences that mute an alert at a moment, by id.
    pub fn silencing(&mut self, fingerprint: Fingerprint, labels: &Labels, now_ms: i64) -> Vec<String> {
        let (version, by_id) = (self.version, &self.by_id);
        let (cached_version, ids) = self.matching.entry(fingerprint).or_default();
        if *cached_version != version {
            *ids = by_id
                .values()
                .filter(|silence| silence.state(now_ms) != SilenceState::Expired && silence.matchers.matches(labels))
                .map(|silence| silence.id.clone())
                .collect();
            *cached_version = version;
        }
        ids.iter().filter(|id| by_id.get(*id).is_some_and(|s| s.state(now_ms) == SilenceState::Active)).cloned().collect()
    }

    /// Forgets what is known about alerts that are gone.
    pub fn forget_alerts(&mut self, gone: &[Fingerprint]) {
        for fingerprint in gone {
            self.matching.remove(fingerprint);
        }
    }

    /// Forgets silences that ended before `before_ms`.
    pub fn collect_garbage(&mut self, before_ms: i64) {
        let count = self.by_id.len();
        self.by_id.retain(|_, silence| silence.ends_at_ms >= before_ms);
        if self.by_id.len() != count {
            self.version += 1;
        }
    }

    /// A silence.
    pub fn get(&self, id: &str) -> Option<&Silence> {
        self.by_id.get(id)
    }

    /// All silences in the order of Alertmanager's lists: active ones by their end, pending ones by
    /// their start, expired ones by their end, the latest first.
    pub fn listed(&self, now_ms: i64) -> Vec<&Silence> {
        let mut all: Vec<_> = self.by_id.values().collect();
        all.sort_by_key(|silence| match silence.state(now_ms) {
            SilenceState::Active => (0, silence.ends_at_ms),
            SilenceState::Pending => (1, silence.starts_at_ms),
            SilenceState::Expired => (2, -silence.ends_at_ms),
        });
        all
    }
}

fn ended(old: &Silence, now_ms: i64) -> Silence {
    let mut ended = old.clone();
    if old.state(now_ms) == SilenceState::Pending {
        ended.starts_at_ms = now_ms;
    }
    ended.ends_at_ms = now_ms;
    ended.updated_at_ms = now_ms;
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matchers::parse_matchers;

    fn silence(id: &str, matchers: &str, starts_at_ms: i64, ends_at_ms: i64) -> Silence {
        Silence {
            id: id.to_owned(),
            matchers: Matchers::new(parse_matchers(matchers).unwrap().matchers),
            starts_at_ms,
            ends_at_ms,
            updated_at_ms: 0,
            created_by: "ann".to_owned(),
            comment: "maintenance".to_owned(),
        }
    }

    /// Applies a change to the silence `old` (10 s to 100 s) at `now`; shows all silences after it.
    fn edit(wanted: Silence, now_ms: i64) -> String {
        let mut silences = Silences::default();
        silences.take_in([silence("old", "a=b", 10_000, 100_000)]);
        match silences.set(wanted, now_ms, 10, || "new".to_owned()) {
            Err(error) => error.to_string(),
            Ok(change) => {
                silences.take_in(change.silences);
                let shown: Vec<String> = silences
                    .by_id
                    .values()
                    .map(|s| format!("{} {} {}-{}", s.id, s.matchers, s.starts_at_ms / 1_000, s.ends_at_ms / 1_000))
                    .collect();
                format!("{}: {}", change.id, shown.join(", "))
            }
        }
    }

    #[test]
    fn edits_keep_the_id_or_make_a_new_silence() {
        for (now, wanted, want) in [
            // active: the end may move, nothing else
            (50, silence("old", "a=b", 10_000, 200_000), "old: old {a=\"b\"} 10-200"),
            (50, silence("old", "a=b", 20_000, 200_000), "new: new {a=\"b\"} 50-200, old {a=\"b\"} 10-50"),
            (50, silence("old", "a=c", 10_000, 200_000), "new: new {a=\"c\"} 50-200, old {a=\"b\"} 10-50"),
            // pending: may move within the future
            (5, silence("old", "a=b", 20_000, 30_000), "old: old {a=\"b\"} 20-30"),
            (5, silence("old", "a=b", 1_000, 30_000), "new: new {a=\"b\"} 5-30, old {a=\"b\"} 5-5"),
            // expired: begins anew, the old one stays as it was
            (150, silence("old", "a=b", 10_000, 200_000), "new: new {a=\"b\"} 150-200, old {a=\"b\"} 10-100"),
            // new
            (50, silence("", "x=y", 0, 70_000), "new: new {x=\"y\"} 50-70, old {a=\"b\"} 10-100"),
            (50, silence("lost", "x=y", 0, 70_000), "silence lost not found"),
            (50, silence("", "x=\"\"", 0, 70_000), "silence invalid: at least one matcher must not match the empty string"),
            (50, silence("", "{}", 0, 70_000), "silence invalid: at least one matcher required"),
            (50, silence("", "x=y", 60_000, 55_000), "silence invalid: end time must not be before start time"),
        ] {
            assert_eq!(edit(wanted, now * 1_000), want);
        }
    }

    #[test]
    fn what_mutes_follows_the_clock_and_every_change() {
        let mut silences = Silences::default();
        silences.take_in([silence("one", "a=b", 10, 100), silence("two", "a=~\"b|c\"", 50, 60)]);
        let labels = Labels::from_pairs([("a", "b")]);
        let fingerprint = Fingerprint::of(&labels);
        for (now, want) in [(9, vec![]), (10, vec!["one"]), (50, vec!["one", "two"]), (60, vec!["one"]), (100, vec![])] {
            assert_eq!(silences.silencing(fingerprint, &labels, now), want, "at {now}");
        }
        let change = silences.expire("one", 20).unwrap();
        silences.take_in(change.silences);
        assert_eq!(silences.silencing(fingerprint, &labels, 30), Vec::<String>::new());
        assert_eq!(silences.expire("one", 30).unwrap().silences, []);
        assert_eq!(silences.expire("none", 30), Err(SilenceError::NotFound("none".to_owned())));
        silences.collect_garbage(21);
        assert!(silences.get("one").is_none() && silences.get("two").is_some());
    }

    #[test]
    fn silences_are_read_back_as_they_were_kept() {
        let original = silence("x", "a=~\"b.*\",c!=d", 1, 2);
        assert_eq!(Silence::from_stored(original.to_stored()), Ok(original));
    }
}
