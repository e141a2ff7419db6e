//! What a store's contents are called in metrics, in the program's log and in errors.

/// The words of a schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    /// What the store is a store of: `logs`.
    pub(crate) signal: &'static str,
    /// What the names of its metrics begin with.
    pub(crate) metrics: &'static str,
    /// What one writes: `entries`.
    pub(crate) entries: &'static str,
    /// The same at the start of a sentence: `Log entries`.
    pub(crate) title: &'static str,
    /// What these are grouped by: `streams`.
    pub(crate) groups: &'static str,
    /// What of an entry [`crate::segment::SegmentInfo::raw_bytes`] counts, in the names of metrics, and in a sentence.
    pub(crate) raw: (&'static str, &'static str),
    /// Whether there are requests to delete, and subscribers.
    pub(crate) selectors: bool,
}
