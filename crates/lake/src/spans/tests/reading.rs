//! Reads against a look at all spans.

use super::spans::{BASE_NS, MINUTE_NS, Spec, Value, specs, trace_id, values, values_of, write_of};
use super::*;
use phoenix_model::traces::{ColumnValues, Compare, Scope, SpanCondition, SpanPredicate};
use proptest::prelude::*;
use regex::Regex;
use std::cmp::Ordering;

fn fields() -> Vec<SpanField> {
    let intrinsics = [
        Intrinsic::SpanId,
        Intrinsic::ParentId,
        Intrinsic::Start,
        Intrinsic::Duration,
        Intrinsic::Name,
        Intrinsic::Kind,
        Intrinsic::Status,
        Intrinsic::StatusMessage,
        Intrinsic::ScopeName,
        Intrinsic::ScopeVersion,
        Intrinsic::Weight,
        Intrinsic::EventName,
        Intrinsic::EventTimeSinceStart,
        Intrinsic::LinkTraceId,
        Intrinsic::LinkSpanId,
        Intrinsic::TraceId,
    ];
    let mut fields: Vec<SpanField> = intrinsics.into_iter().map(SpanField::Intrinsic).collect();
    for scope in Scope::ALL {
        for key in ["key-0", "key-1", "key-2", "key-9"] {
            fields.push(SpanField::Attribute(scope, key.into()));
        }
    }
    fields.push(SpanField::Attribute(Scope::Resource, "service.name".into()));
    fields.push(SpanField::Attribute(Scope::Resource, "instance".into()));
    fields
}

fn is_met(compare: &Compare, values: &[SpanValue]) -> bool {
    let number = |value: &SpanValue| match value {
        SpanValue::Int(int) => Some(*int as f64),
        SpanValue::Float(float) => Some(*float),
        _ => None,
    };
    let order = |a: &SpanValue, b: &SpanValue| match (a, b) {
        (SpanValue::Int(a), SpanValue::Int(b)) => Some(a.cmp(b)),
        (SpanValue::Text(a), SpanValue::Text(b)) => Some(a.cmp(b)),
        (SpanValue::Bool(a), SpanValue::Bool(b)) => Some(a.cmp(b)),
        _ => number(a)?.partial_cmp(&number(b)?),
    };
    // Whole numbers that a number of 64 bits can't hold meet all comparisons with such numbers.
    let ordered = |value: &SpanValue, than: &SpanValue, wanted: fn(Ordering) -> bool| match (value, than) {
        (SpanValue::Int(int), SpanValue::Float(_)) if int.unsigned_abs() > 1 << 53 => true,
        _ => order(value, than).is_some_and(wanted),
    };
    let text = |value: &SpanValue, wanted: &dyn Fn(&str) -> bool| matches!(value, SpanValue::Text(text) if wanted(text));
    match compare {
        Compare::Exists => !values.is_empty(),
        Compare::Absent => values.is_empty(),
        Compare::Eq(than) => values.iter().any(|value| ordered(value, than, Ordering::is_eq)),
        Compare::Ne(than) => values.iter().any(|value| ordered(value, than, Ordering::is_ne)),
        Compare::Gt(than) => values.iter().any(|value| ordered(value, than, Ordering::is_gt)),
        Compare::Ge(than) => values.iter().any(|value| ordered(value, than, Ordering::is_ge)),
        Compare::Lt(than) => values.iter().any(|value| ordered(value, than, Ordering::is_lt)),
        Compare::Le(than) => values.iter().any(|value| ordered(value, than, Ordering::is_le)),
        Compare::Matches(regex) => values.iter().any(|value| text(value, &|text| regex.is_match(text))),
        Compare::MatchesNot(regex) => values.iter().any(|value| text(value, &|text| !regex.is_match(text))),
    }
}

fn holds(predicate: &SpanPredicate, write: &TraceWrite, number: usize) -> bool {
    match predicate {
        SpanPredicate::True => true,
        SpanPredicate::Is(condition) => is_met(&condition.compare, &values_of(write, number, &condition.field)),
        SpanPredicate::All(all) => all.iter().all(|predicate| holds(predicate, write, number)),
        SpanPredicate::Any(any) => any.iter().any(|predicate| holds(predicate, write, number)),
    }
}

fn compares() -> impl Strategy<Value = Compare> {
    let value = prop_oneof![
        4 => values().prop_filter_map("an array is no value", |value| match value {
            Value::Text(number) => Some(SpanValue::Text(format!("text-{number}").into())),
            // What a number of 64 bits can't hold is compared in other ways.
            Value::Int(int) => Some(SpanValue::Int(int % 1000)),
            Value::Float(number) => Some(SpanValue::Float(f64::from(number) / 2.0)),
            Value::Bool(bool) => Some(SpanValue::Bool(bool)),
            Value::Array(_) => None,
        }),
        1 => (0_u8..4).prop_map(|number| SpanValue::Text(format!("name-{number}").into())),
        1 => (0_u8..3).prop_map(|number| SpanValue::Text(format!("service-{number}").into())),
        1 => (0_i64..30).prop_map(|millis| SpanValue::Int(millis * 1_000_000)),
        1 => (0_u8..3).prop_map(|number| SpanValue::Text(format!("event-{number}").into())),
    ];
    (value, 0_u8..10).prop_map(|(value, kind)| match kind {
        0..3 => Compare::Eq(value),
        3 => Compare::Ne(value),
        4 => Compare::Gt(value),
        5 => Compare::Ge(value),
        6 => Compare::Lt(value),
        7 => Compare::Matches(Regex::new("^(text|name)-[12]$").unwrap()),
        8 => Compare::Exists,
        _ => Compare::Absent,
    })
}

fn predicates() -> impl Strategy<Value = SpanPredicate> {
    let leaf = prop_oneof![
        1 => Just(SpanPredicate::True),
        8 => (prop::sample::select(fields()), compares()).prop_map(|(field, compare)| SpanPredicate::Is(SpanCondition { field, compare })),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(SpanPredicate::All),
            prop::collection::vec(inner, 1..3).prop_map(SpanPredicate::Any),
        ]
    })
}

/// What should be given: for each trace its spans, in any order.
fn expected(write: &TraceWrite, select: &SpanSelect<'_>) -> BTreeMap<TraceId, BTreeSet<(SpanId, i64)>> {
    let mut traces: BTreeMap<TraceId, Vec<usize>> = BTreeMap::new();
    (0..write.len()).for_each(|number| traces.entry(write.fixed(number).trace_id).or_default().push(number));
    let mut found = BTreeMap::new();
    for (id, spans) in traces {
        let start_ns = spans.iter().map(|number| write.fixed(*number).start_ns).min().unwrap();
        let end_ns = spans.iter().map(|number| write.fixed(*number).start_ns + write.fixed(*number).duration_ns).max().unwrap();
        let counts = |number: usize| match select.time {
            SpanTime::Span => (select.start_ns..select.end_ns).contains(&write.fixed(number).start_ns),
            SpanTime::Trace => start_ns < select.end_ns && end_ns >= select.start_ns,
        };
        let any = spans.iter().any(|number| counts(*number));
        let all = select.required.iter().all(|predicate| spans.iter().any(|number| counts(*number) && holds(predicate, write, *number)));
        if !any || !all {
            continue;
        }
        let given = |number: &usize| match select.rows {
            SpanRows::WholeTraces => true,
            SpanRows::Matching(others) => {
                counts(*number) && select.required.iter().chain(others).any(|predicate| holds(predicate, write, *number))
            }
        };
        let given =
            spans.iter().copied().filter(given).map(|number| (write.fixed(number).span_id, i64::from(write.fixed(number).kind as u8)));
        found.insert(id, given.collect());
    }
    found
}

/// Writes spread over two segments of which one is merged out of two, and memory.
fn spread(parts: &[TraceWrite; 4], merged: bool) -> Place {
    let mut place = Place::small();
    for part in &parts[..3] {
        place.insert(part);
        place.flush();
    }
    if merged {
        let count = place.segments.len().saturating_sub(1);
        place.merge(count).unwrap();
    }
    place.insert(&parts[3]);
    place
}

fn four(specs: &[Spec]) -> [TraceWrite; 4] {
    let size = specs.len().div_ceil(4).max(1);
    let mut parts = specs.chunks(size).map(write_of);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_was_written_comes_back(specs in specs(120), merged in any::<bool>()) {
        let parts = four(&specs);
        let mut place = spread(&parts, merged);
        let mut want = by_trace(&once(&parts));
        for number in 0..9 {
            let found = whole(&place.trace(trace_id(number)));
            prop_assert_eq!(found, want.remove(&trace_id(number)).unwrap_or_default());
        }
        prop_assert!(want.is_empty());
        // All in one segment, where nothing is split any more.
        place.flush();
        let count = place.segments.len();
        place.merge(count).unwrap();
        let all = by_trace(&once(&parts));
        prop_assert_eq!(place.segments.len(), usize::from(!all.is_empty()));
        for (id, want) in &all {
            prop_assert_eq!(&whole(&place.trace(*id)), want);
        }
        if let Some(segment) = place.segments.first() {
            prop_assert!(segment.split().unwrap().is_empty());
            prop_assert_eq!(segment.info().rows, all.values().map(|spans| spans.len() as u64).sum::<u64>());
        }
    }

    #[test]
    fn reads_find_what_a_look_at_all_finds(
        specs in specs(100),
        merged in any::<bool>(),
        required in prop::collection::vec(predicates(), 0..3),
        others in prop::collection::vec(predicates(), 0..2),
        whole_traces in any::<bool>(),
        of_traces in any::<bool>(),
        range in prop_oneof![Just((-1_i64, 10_000_i64)), (0_i64..3, 0_i64..2000)],
    ) {
        let parts = four(&specs);
        let mut place = spread(&parts, merged);
        let columns = [SpanField::Intrinsic(Intrinsic::SpanId)];
        let select = SpanSelect {
            start_ns: BASE_NS + range.0 * 20_000_000,
            end_ns: BASE_NS + range.1 * MINUTE_NS,
            time: if of_traces { SpanTime::Trace } else { SpanTime::Span },
            required: &required,
            rows: if whole_traces { SpanRows::WholeTraces } else { SpanRows::Matching(&others) },
            columns: &columns,
            services: false,
            roots: true,
        };
        let found = place.read(&select);
        let want = expected(&once(&parts), &select);
        prop_assert_eq!(found.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
        for (id, spans) in &want {
            let ids: BTreeSet<SpanId> = spans.iter().map(|(id, _)| *id).collect();
            prop_assert_eq!(found[id].iter().copied().collect::<BTreeSet<_>>(), ids);
        }
    }

    #[test]
    fn columns_hold_what_spans_have(specs in specs(60), merged in any::<bool>()) {
        let parts = four(&specs);
        let mut place = spread(&parts, merged);
        let all = once(&parts);
        let mut columns = fields();
        columns.push(SpanField::Intrinsic(Intrinsic::NestedSetLeft));
        let select = SpanSelect {
            start_ns: i64::MIN,
            end_ns: i64::MAX,
            time: SpanTime::Span,
            required: &[],
            rows: SpanRows::WholeTraces,
            columns: &columns,
            services: true,
            roots: true,
        };
        let mut visitor = Table { fields: &columns, rows: Vec::new(), services: BTreeMap::new() };
        place.scene(|scene| scene.read(&select, &limits(&Budget::unlimited()), &mut [&mut visitor])).unwrap();
        let mut want: Vec<String> = (0..all.len()).map(|n| {
            let values: Vec<_> = fields().iter().map(|field| values_of(&all, n, field)).collect();
            format!("{:?} {values:?}", all.fixed(n).trace_id)
        }).collect();
        want.sort();
        visitor.rows.sort();
        prop_assert_eq!(&visitor.rows, &want);
        let mut services: BTreeMap<(TraceId, String), (u32, u32)> = BTreeMap::new();
        for span in all.spans() {
            let of = services.entry((span.fixed.trace_id, all.resource(span.resource).service().to_owned())).or_default();
            of.0 += 1;
            of.1 += u32::from(span.fixed.status as u8 == 2);
        }
        prop_assert_eq!(visitor.services, services);
    }
}

struct Table<'f> {
    fields: &'f [SpanField],
    rows: Vec<String>,
    services: BTreeMap<(TraceId, String), (u32, u32)>,
}

impl SpanVisitor for Table<'_> {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        for trace in batch.traces {
            let mut before = 0;
            for row in trace.rows.clone() {
                let row = row as usize;
                let values: Vec<Vec<SpanValue>> =
                    batch.columns[..batch.columns.len() - 1].iter().map(|column| values_at(column, row)).collect();
                self.rows.push(format!("{:?} {values:?}", trace.id));
                let [SpanValue::Int(left)] = values_at(&batch.columns[self.fields.len() - 1], row)[..] else { panic!("lefts are numbers") };
                assert!(left > before, "spans come in the order of nested sets");
                before = left;
            }
            for (name, spans, failed) in trace.services {
                assert!(self.services.insert((trace.id, name.to_string()), (*spans, *failed)).is_none());
            }
        }
        Ok(())
    }
}

fn values_at(column: &phoenix_model::traces::SpanColumn<'_>, row: usize) -> Vec<SpanValue> {
    let range = match column.ends {
        None => row..row + 1,
        Some(ends) => (if row == 0 { 0 } else { ends[row - 1] as usize })..ends[row] as usize,
    };
    let is_absent = |absent: &[bool], at: usize| absent.get(at).is_some_and(|absent| *absent);
    let value = |at: usize| match column.values {
        ColumnValues::Absent => None,
        ColumnValues::Coded(codes, dictionary) => dictionary.get(codes[at] as usize).cloned(),
        ColumnValues::Ints(ints, absent) => (!is_absent(absent, at)).then(|| SpanValue::Int(ints[at])),
        ColumnValues::Floats(floats, absent) => (!is_absent(absent, at)).then(|| SpanValue::Float(floats[at])),
        ColumnValues::Ids(ids) => Some(SpanValue::Text(ids[at].to_string().into())),
    };
    range.filter_map(value).collect()
}

struct Bounded(Vec<i64>);
impl SpanVisitor for Bounded {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        self.0.extend(batch.traces.iter().map(|trace| trace.start_ns));
        Ok(())
    }
    fn bound_ns(&self) -> Option<i64> {
        self.0.iter().max().copied()
    }
}

#[test]
fn later_traces_come_first_and_bounds_leave_out_earlier_ones() {
    let mut place = Place::small();
    let write = super::spans::requests(40, 3, 5);
    place.insert(&write);
    place.flush();
    let select = SpanSelect {
        start_ns: i64::MIN,
        end_ns: i64::MAX,
        time: SpanTime::Trace,
        required: &[],
        rows: SpanRows::WholeTraces,
        columns: &[],
        services: false,
        roots: true,
    };
    let mut visitor = Bounded(Vec::new());
    place.scene(|scene| scene.read(&select, &limits(&Budget::unlimited()), &mut [&mut visitor])).unwrap();
    assert!(visitor.0.contains(&(BASE_NS + 39_000_000)));
    assert!(visitor.0.len() < 40, "{}", visitor.0.len());
}

#[test]
fn names_of_attributes_are_told() {
    let mut place = Place::small();
    place.insert(&super::spans::requests(2, 2, 7));
    place.flush();
    let mut write = TraceWrite::default();
    let (resource, scope) = (write.add_resource("", 0, |set| set.text("host", "a")), write.add_scope("", "", "", 0, |_| ()));
    let fixed = phoenix_model::traces::SpanRecord { trace_id: trace_id(1), start_ns: BASE_NS, ..Default::default() };
    write.begin_span(resource, scope, fixed, "");
    write.push_event(1, "", 0, |set| set.text("in event", ""));
    place.insert(&write);
    let names = |place: &mut Place, range: (i64, i64)| {
        let names = place.scene(|scene| scene.tag_names(range.0, range.1, &limits(&Budget::unlimited()))).unwrap();
        names.iter().map(|name| format!("{}.{}", name.scope.as_str(), name.key)).collect::<Vec<_>>()
    };
    let all = ["resource.host", "resource.service.name", "span.http.status_code", "span.user.id", "event.in event"];
    assert_eq!(names(&mut place, (i64::MIN, i64::MAX)), all);
    assert!(names(&mut place, (0, 1)).is_empty());
}
