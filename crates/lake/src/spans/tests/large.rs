//! What is much larger than usual.

use super::spans::{requests, trace_id};
use super::*;
use phoenix_model::traces::{AttributesBuilder, Scope, SpanRecord};

#[test]
fn a_trace_of_many_spans_is_written_merged_and_read() {
    let mut place = Place::new(SpanSegmentOptions::default());
    let all = requests(1, 100_000, 3);
    let id = all.fixed(0).trace_id;
    let mut parts = [TraceWrite::default(), TraceWrite::default()];
    for (number, span) in all.spans().enumerate() {
        let part = &mut parts[number % 2];
        let (resource, scope) = (part.copy_resource(&all.resource(span.resource)), part.copy_scope(&all.scope(span.scope)));
        part.copy_span(resource, scope, &span);
    }
    for part in &parts {
        place.insert(part);
        place.flush();
    }
    place.insert(&requests(10, 3, 9));
    place.flush();
    let want: BTreeSet<SpanId> = all.spans().map(|span| span.fixed.span_id).collect();
    let columns = [SpanField::Intrinsic(Intrinsic::SpanId)];
    let select = SpanSelect {
        start_ns: i64::MIN,
        end_ns: i64::MAX,
        time: SpanTime::Trace,
        required: &[],
        rows: SpanRows::WholeTraces,
        columns: &columns,
        services: false,
        roots: true,
    };
    for merged in [false, true] {
        if merged {
            let count = place.segments.len();
            place.merge(count).unwrap();
            assert_eq!(place.segments.len(), 1);
            assert_eq!(place.segments[0].split().unwrap().as_slice(), [id], "it stays in parts");
        }
        assert_eq!(place.trace(id).len(), 100_000);
        let found = place.read(&select);
        assert_eq!(found.len(), 11);
        assert_eq!(found[&id].iter().copied().collect::<BTreeSet<_>>(), want);
        let budget = Budget::new("limits.query_memory", 4 << 20);
        let error = place.scene(|scene| scene.trace(id, None, &limits(&budget))).unwrap_err();
        assert!(matches!(&error, ReadError::Limit(text) if text.contains("limits.query_memory")), "{error}");
        assert_eq!(budget.used_bytes(), 0);
    }
}

#[test]
fn a_trace_that_fills_pages_is_one_trace() {
    let mut place = Place::small();
    let write = requests(3, 100, 11);
    place.insert(&write);
    place.flush();
    assert!(place.segments[0].split().unwrap().is_empty());
    let want = by_trace(&write);
    for (id, spans) in &want {
        assert_eq!(&whole(&place.trace(*id)), spans);
    }
    let mut visitor = Collected::default();
    let columns = [SpanField::Intrinsic(Intrinsic::SpanId)];
    let select = SpanSelect {
        start_ns: i64::MIN,
        end_ns: i64::MAX,
        time: SpanTime::Trace,
        required: &[],
        rows: SpanRows::WholeTraces,
        columns: &columns,
        services: false,
        roots: true,
    };
    place.scene(|scene| scene.read(&select, &limits(&Budget::unlimited()), &mut [&mut visitor])).unwrap();
    assert_eq!(visitor.traces.len(), 3);
    assert!(visitor.traces.iter().all(|(_, spans)| spans.len() == 100));
    for (id, (start_ns, _, service, name)) in visitor.facts {
        let root = write.spans().find(|span| span.fixed.trace_id == id && span.fixed.parent_id.is_none()).unwrap();
        assert_eq!((start_ns, service.as_str(), name.as_str()), (root.fixed.start_ns, write.resource(root.resource).service(), root.name));
    }
}

#[test]
fn a_million_names_of_attributes_stay_bounded() {
    let mut place = Place::new(SpanSegmentOptions::default());
    for batch in 0..20_u32 {
        let mut write = TraceWrite::default();
        let (resource, scope) = (write.add_resource("", 0, |_| ()), write.add_scope("", "", "", 0, |_| ()));
        for span in 0..500_u32 {
            let number = batch * 500 + span;
            let fixed = SpanRecord {
                trace_id: trace_id((number % 200) as u8),
                span_id: SpanId(u64::from(number + 1).to_be_bytes()),
                ..SpanRecord::default()
            };
            write.begin_span(resource, scope, fixed, "name");
            let mut packed = Vec::new();
            let mut builder = AttributesBuilder::new(&mut packed);
            for key in 0..100 {
                builder.push_distinct(&format!("key-{}", number * 100 + key), &phoenix_model::traces::AttributeValue::Bool(true));
            }
            write.set_attributes(|builder| builder.push_entry(&packed));
        }
        assert_eq!(place.insert(&write).stored, 500);
    }
    place.flush();
    let info = place.segments[0].info().clone();
    let head = place.segments[0].head().unwrap();
    assert!(head.promoted.is_empty() && head.tags.len() <= 10_000, "{}", head.tags.len());
    assert!(info.index_bytes < 8 << 20, "{info:?}");
    // Names that are not listed are found nevertheless.
    let required = [phoenix_model::traces::SpanPredicate::Is(phoenix_model::traces::SpanCondition {
        field: SpanField::Attribute(Scope::Span, "key-999999".into()),
        compare: phoenix_model::traces::Compare::Exists,
    })];
    let columns = [SpanField::Intrinsic(Intrinsic::SpanId)];
    let select = SpanSelect {
        start_ns: i64::MIN,
        end_ns: i64::MAX,
        time: SpanTime::Trace,
        required: &required,
        rows: SpanRows::Matching(&[]),
        columns: &columns,
        services: false,
        roots: true,
    };
    let found = place.read(&select);
    assert_eq!(found.into_values().collect::<Vec<_>>(), [vec![SpanId(10_000_u64.to_be_bytes())]]);
}

#[test]
fn the_same_span_twice_is_stored_once() {
    let mut place = Place::small();
    let write = requests(5, 4, 13);
    let inserted = place.insert(&write);
    assert_eq!((inserted.stored, inserted.duplicates), (20, 0));
    let again = place.insert(&write);
    assert_eq!((again.stored, again.duplicates), (0, 20));
    // While the memtable is on its way to a segment, and after that, when segments are merged.
    let mut frozen = std::mem::replace(&mut place.memory, SpanMemtable::new(DefaultHashBuilder::default(), None));
    frozen.close();
    let hasher = DefaultHashBuilder::default();
    let mut first = SpanMemtable::new(hasher.clone(), None);
    first.insert(&write, i64::MIN, Duration::ZERO);
    first.close();
    let mut second = SpanMemtable::new(hasher, Some(Arc::new(first)));
    assert_eq!(second.insert(&write, i64::MIN, Duration::ZERO).duplicates, 20);
    second.forget_previous();
    assert_eq!(second.insert(&write, i64::MIN, Duration::ZERO).stored, 20);
    let mut place = Place::small();
    for _ in 0..2 {
        place.insert(&write);
        place.flush();
    }
    assert_eq!(place.segments[1].split().unwrap().len(), 5);
    place.merge(2).unwrap();
    assert_eq!(place.segments[0].info().rows, 20);
    let late = place.memory.insert(&write, i64::MAX, Duration::ZERO);
    assert_eq!((late.stored, late.too_old), (0, 20));
}
