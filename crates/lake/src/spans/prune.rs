//! Which pages a read can leave out, by what the head and the filters of a segment say of them.

use super::filter::Filter;
use super::layout::PageHead;
use phoenix_model::traces::{Compare, Intrinsic, SpanCondition, SpanField, SpanPredicate, SpanSelect, SpanTime, SpanValue};

/// Whether something of a page may lie in the range of time.
pub(super) fn in_time(page: &PageHead, select: &SpanSelect<'_>) -> bool {
    match select.time {
        SpanTime::Span => page.first_span_ns < select.end_ns && page.last_span_ns >= select.start_ns,
        SpanTime::Trace => page.first_trace_ns < select.end_ns && page.end_ns >= select.start_ns,
    }
}

/// Whether a span of a page may meet a predicate.
pub(super) fn may_meet(predicate: &SpanPredicate, page: &PageHead, filter: Filter<'_>) -> bool {
    match predicate {
        SpanPredicate::True => true,
        SpanPredicate::Is(condition) => in_bounds(condition, page) && filter.may_meet(condition),
        SpanPredicate::All(all) => all.iter().all(|predicate| may_meet(predicate, page, filter)),
        SpanPredicate::Any(any) => any.iter().any(|predicate| may_meet(predicate, page, filter)),
    }
}

fn in_bounds(condition: &SpanCondition, page: &PageHead) -> bool {
    let (least, most) = match condition.field {
        SpanField::Intrinsic(Intrinsic::Duration) => (page.min_duration_ns, page.max_duration_ns),
        SpanField::Intrinsic(Intrinsic::Start) => (page.first_span_ns, page.last_span_ns),
        _ => return true,
    };
    match &condition.compare {
        Compare::Eq(SpanValue::Int(than)) => (least..=most).contains(than),
        Compare::Gt(SpanValue::Int(than)) => most > *than,
        Compare::Ge(SpanValue::Int(than)) => most >= *than,
        Compare::Lt(SpanValue::Int(than)) => least < *than,
        Compare::Le(SpanValue::Int(than)) => least <= *than,
        _ => true,
    }
}
