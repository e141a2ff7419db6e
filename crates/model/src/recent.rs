//! What was used lately, within a budget of bytes.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

/// Values by key, of at most so many bytes: what was used longest ago goes first.
#[derive(Debug)]
pub struct Recent<K, V> {
    limit_bytes: u64,
    slots: HashMap<Arc<K>, Slot<V>>,
    by_use: BTreeMap<u64, Arc<K>>,
    uses: u64,
    used_bytes: u64,
}

#[derive(Debug)]
struct Slot<V> {
    value: V,
    bytes: u64,
    used: u64,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// Holds nothing yet.
    pub fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, slots: HashMap::new(), by_use: BTreeMap::new(), uses: 0, used_bytes: 0 }
    }

    /// The most that it holds.
    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// What it holds now, as told by whoever put it in.
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The value of a key, which is thereby used.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        let slot = self.slots.get_mut(key)?;
        self.uses += 1;
        if let Some(key) = self.by_use.remove(&slot.used) {
            self.by_use.insert(self.uses, key);
        }
        slot.used = self.uses;
        Some(&slot.value)
    }

    /// Holds a value instead of what was there, and forgets what there is no room for: the number of those. A value
    /// of more than `share_bytes` is not held, since it would push out all others.
    pub fn put(&mut self, key: K, value: V, bytes: u64, share_bytes: u64) -> usize {
        self.forget(&key);
        if bytes > share_bytes.min(self.limit_bytes) {
            return 0;
        }
        self.uses += 1;
        let (key, used) = (Arc::new(key), self.uses);
        self.by_use.insert(used, Arc::clone(&key));
        self.slots.insert(key, Slot { value, bytes, used });
        self.used_bytes += bytes;
        let mut forgotten = 0;
        while self.used_bytes > self.limit_bytes {
            let Some((_, oldest)) = self.by_use.pop_first() else { break };
            self.forget(&oldest);
            forgotten += 1;
        }
        forgotten
    }

    /// Forgets the value of a key.
    pub fn forget(&mut self, key: &K) {
        if let Some(slot) = self.slots.remove(key) {
            self.by_use.remove(&slot.used);
            self.used_bytes -= slot.bytes;
        }
    }

    /// Forgets all values whose key is not wanted any more.
    pub fn retain(&mut self, wanted: impl Fn(&K) -> bool) {
        let Self { slots, by_use, used_bytes, .. } = self;
        slots.retain(|key, slot| {
            let stays = wanted(key);
            if !stays {
                by_use.remove(&slot.used);
                *used_bytes -= slot.bytes;
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(recent: &Recent<&str, u64>, want: &[&str]) {
        let mut held: Vec<&str> = recent.slots.keys().map(|key| **key).collect();
        held.sort_unstable();
        assert_eq!(held, want);
        assert_eq!((recent.len(), recent.by_use.len()), (want.len(), want.len()));
        assert_eq!(recent.used_bytes(), recent.slots.values().map(|slot| slot.bytes).sum::<u64>());
        assert!(recent.used_bytes() <= recent.limit_bytes());
    }

    #[test]
    fn the_least_recently_used_goes_first_and_bytes_are_bounded() {
        let mut recent = Recent::new(40);
        for (value, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
            assert_eq!(recent.put(key, value as u64, 10, 20), 0);
        }
        assert_eq!(recent.get(&"a"), Some(&0));
        assert_eq!(recent.put("e", 4, 10, 20), 1, "`b` makes room");
        check(&recent, &["a", "c", "d", "e"]);
        assert_eq!(recent.put("f", 5, 20, 20), 2);
        check(&recent, &["a", "e", "f"]);
        // Larger than its share: not held, and what was there of it is gone.
        assert_eq!(recent.put("a", 6, 21, 20), 0);
        check(&recent, &["e", "f"]);
        // The same key again counts once.
        recent.put("e", 7, 15, 20);
        check(&recent, &["e", "f"]);
        assert_eq!(recent.get(&"e"), Some(&7));
        assert_eq!(recent.used_bytes(), 35);
        recent.retain(|key| *key != "e");
        recent.forget(&"nothing");
        check(&recent, &["f"]);
    }
}
