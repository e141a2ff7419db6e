//! Memory that is charged before it is used, so that a query ends with an error and not the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A limit on bytes, shared by everything that works for one purpose (one query, one receiver).
/// A budget may have a parent, whose limit holds as well.
#[derive(Debug, Clone)]
pub struct Budget {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: &'static str,
    limit_bytes: u64,
    used_bytes: AtomicU64,
    parent: Option<Budget>,
}

/// A budget that was asked for more than it has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limit `{limit}` reached: {wanted_bytes} more bytes would exceed its {limit_bytes} bytes")]
pub struct BudgetExceeded {
    /// The name of the limit, as it stands in the configuration.
    pub limit: &'static str,
    /// What was asked for.
    pub wanted_bytes: u64,
    /// The whole budget.
    pub limit_bytes: u64,
}

impl Budget {
    /// A budget of its own. `name` is the setting that a user would change.
    pub fn new(name: &'static str, limit_bytes: u64) -> Self {
        Self { inner: Arc::new(Inner { name, limit_bytes, used_bytes: AtomicU64::new(0), parent: None }) }
    }

    /// A budget within this one.
    #[must_use]
    pub fn child(&self, name: &'static str, limit_bytes: u64) -> Self {
        Self { inner: Arc::new(Inner { name, limit_bytes, used_bytes: AtomicU64::new(0), parent: Some(self.clone()) }) }
    }

    /// Without a limit, for tests and for reads that are bounded elsewhere.
    pub fn unlimited() -> Self {
        Self::new("unlimited", u64::MAX)
    }

    /// Takes bytes until the returned [`Charge`] is dropped.
    pub fn charge(&self, bytes: u64) -> Result<Charge, BudgetExceeded> {
        self.take(bytes)?;
        Ok(Charge { budget: self.clone(), bytes })
    }

    /// Bytes in use.
    pub fn used_bytes(&self) -> u64 {
        self.inner.used_bytes.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u64) -> Result<(), BudgetExceeded> {
        let limit = self.inner.limit_bytes;
        self.inner
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| used.checked_add(bytes).filter(|sum| *sum <= limit))
            .map_err(|_| BudgetExceeded { limit: self.inner.name, wanted_bytes: bytes, limit_bytes: limit })?;
        if let Some(parent) = &self.inner.parent
            && let Err(error) = parent.take(bytes)
        {
            self.inner.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(error);
        }
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        self.inner.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(parent) = &self.inner.parent {
            parent.give_back(bytes);
        }
    }
}

/// Bytes taken from a [`Budget`], given back on drop.
#[derive(Debug)]
pub struct Charge {
    budget: Budget,
    bytes: u64,
}

impl Charge {
    /// Takes more under the same charge.
    pub fn grow(&mut self, bytes: u64) -> Result<(), BudgetExceeded> {
        self.budget.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// What it holds.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes over what another charge of the same budget holds.
    pub fn absorb(&mut self, mut other: Self) {
        debug_assert!(Arc::ptr_eq(&self.budget.inner, &other.budget.inner), "bytes go back to where they were taken from");
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_bound_by_its_parent() {
        let whole = Budget::new("limits.memory", 100);
        let query = whole.child("limits.query_memory", 80);
        let first = query.charge(70).unwrap();
        assert_eq!(query.charge(20).unwrap_err().limit, "limits.query_memory");
        let other = whole.child("limits.query_memory", 80);
        assert_eq!(other.charge(40).unwrap_err().limit, "limits.memory");
        assert_eq!(other.used_bytes(), 0);
        drop(first);
        let mut charge = other.charge(40).unwrap();
        charge.grow(20).unwrap();
        let second = other.charge(20).unwrap();
        assert_eq!(whole.used_bytes(), 80);
        charge.absorb(second);
        assert_eq!((whole.used_bytes(), charge.bytes()), (80, 80), "it lives on");
        drop(charge);
        assert_eq!(whole.used_bytes(), 0);
    }
}
