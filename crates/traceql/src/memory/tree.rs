//! A trace as a whole: its tree with the nested sets, its root, and its services.

use phoenix_model::traces::{SpanId, SpanStatus, TraceId, TraceWrite};
use std::collections::HashMap;
use std::sync::Arc;

/// What is known of a trace.
#[derive(Debug)]
pub(super) struct Trace {
    pub id: TraceId,
    pub start_ns: i64,
    pub duration_ns: i64,
    pub root_service: String,
    pub root_name: String,
    pub services: Vec<(Arc<str>, u32, u32)>,
    /// By left.
    pub rows: Vec<Row>,
}

/// A span in its tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// The span's number in the write.
    pub span: usize,
    pub left: i64,
    pub right: i64,
    pub parent: i64,
    pub children: i64,
}

/// A trace of a write from the numbers of its spans.
pub(super) fn trace(write: &TraceWrite, id: TraceId, spans: &[usize]) -> Trace {
    let mut order = spans.to_vec();
    order.sort_by_key(|span| (write.fixed(*span).start_ns, write.fixed(*span).span_id, *span));
    let mut holders: HashMap<SpanId, usize> = HashMap::new();
    for span in &order {
        holders.entry(write.fixed(*span).span_id).or_insert(*span);
    }
    let parent_of = |span: usize| holders.get(&write.fixed(span).parent_id).copied().filter(|parent| *parent != span);
    let is_root = |span: &usize| write.fixed(*span).parent_id.is_none();
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    for span in order.iter().filter(|span| !is_root(span)) {
        if let Some(parent) = parent_of(*span) {
            children.entry(parent).or_default().push(*span);
        }
    }
    let orphan = |span: &usize| !is_root(span) && parent_of(*span).is_none();
    // Circles have no beginning: what is left begins anywhere.
    let begins = order.iter().filter(|s| is_root(s)).chain(order.iter().filter(|s| orphan(s))).chain(&order);
    let mut rows: Vec<Row> = Vec::new();
    let mut row_of: HashMap<usize, usize> = HashMap::new();
    let mut next = 1;
    for first in begins {
        // A span on its way in, or (`true`) out.
        let mut open = vec![(*first, false)];
        while let Some((span, leaves)) = open.pop() {
            if leaves {
                rows[row_of[&span]].right = next;
                next += 1;
                continue;
            }
            if row_of.contains_key(&span) {
                continue;
            }
            let parent = if is_root(&span) { -1 } else { parent_of(span).and_then(|p| row_of.get(&p)).map_or(0, |row| rows[*row].left) };
            let below = children.get(&span).map_or(&[][..], Vec::as_slice);
            row_of.insert(span, rows.len());
            rows.push(Row { span, left: next, right: 0, parent, children: below.len() as i64 });
            next += 1;
            open.push((span, true));
            open.extend(below.iter().rev().map(|child| (*child, false)));
        }
    }
    let start_ns = spans.iter().map(|span| write.fixed(*span).start_ns).min().unwrap_or_default();
    let end = |span: &usize| write.fixed(*span).start_ns.saturating_add(write.fixed(*span).duration_ns);
    let end_ns = spans.iter().map(end).max().unwrap_or_default();
    let service = |span: usize| write.resource(write.span(span).resource).service();
    let root = order.iter().copied().find(is_root);
    let mut services: Vec<(Arc<str>, u32, u32)> = Vec::new();
    for span in &order {
        let error = u32::from(write.fixed(*span).status == SpanStatus::Error);
        match services.iter_mut().find(|(name, ..)| **name == *service(*span)) {
            Some((_, count, errors)) => (*count, *errors) = (*count + 1, *errors + error),
            None => services.push((service(*span).into(), 1, error)),
        }
    }
    services.sort();
    Trace {
        id,
        start_ns,
        duration_ns: end_ns.saturating_sub(start_ns),
        root_service: root.map_or(String::new(), |span| service(span).to_owned()),
        root_name: root.map_or(String::new(), |span| write.span(span).name.to_owned()),
        services,
        rows,
    }
}
