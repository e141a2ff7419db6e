//! The metrics store: head, WAL, parts, index, compaction, retention.
