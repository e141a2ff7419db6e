//! What must hold for every query.

use super::TraceQl;
use phoenix_model::Span;
use phoenix_model::traces::{Scope, SpanKind, SpanStatus};
use phoenix_query::testing::{any_words, check_text, check_written, mutated, number};
use phoenix_traceql::ast::{
    Aggregate, AttributeName, Body, FieldExpr, FieldKind, FieldOp, Hint, IntrinsicName, MetricsExpr, MetricsKind, MetricsOp, MetricsStage,
    Pipeline, ScalarExpr, ScalarFilter, ScalarKind, SpansetExpr, SpansetKind, SpansetOp, Stage, StageKind, Static,
};
use phoenix_traceql::{Query, from_tags};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const NOWHERE: Span = Span { start: 0, end: 0 };

fn field(kind: FieldKind) -> FieldExpr {
    FieldExpr { kind, span: NOWHERE }
}

fn spans(kind: SpansetKind) -> SpansetExpr {
    SpansetExpr { kind, span: NOWHERE }
}

fn scalar(kind: ScalarKind) -> ScalarExpr {
    ScalarExpr { kind, span: NOWHERE }
}

fn metrics(kind: MetricsKind) -> MetricsExpr {
    MetricsExpr { kind, span: NOWHERE }
}

fn stage(kind: StageKind) -> Stage {
    Stage { kind, span: NOWHERE }
}

/// Keys, words of the language and what needs quotes among them.
fn key() -> impl Strategy<Value = String> {
    let odd = ["nil", "by", "span.x", "resource.y", "5x", "a b", "x\"y", "x\\y", "{", "a=b", "\u{a0}", "größe", "a-b/c", "//", "é\n"];
    prop_oneof![select(odd.to_vec()).prop_map(str::to_owned), "[a-z][a-z0-9._-]{0,6}", "[ -~]{1,5}"]
}

fn attribute() -> impl Strategy<Value = FieldExpr> {
    let scope = option::of(select(Scope::ALL.to_vec()));
    let name = (any::<bool>(), scope, key()).prop_map(|(of_parent, scope, key)| {
        let scope = scope.filter(|scope| !of_parent || matches!(scope, Scope::Span | Scope::Resource));
        field(FieldKind::Attribute(AttributeName { of_parent, scope, key: key.into() }))
    });
    prop_oneof![3 => name, 1 => select(IntrinsicName::ALL.to_vec()).prop_map(|name| field(FieldKind::Intrinsic(name)))]
}

/// A field with numbers.
fn measured() -> impl Strategy<Value = FieldExpr> {
    let duration = field(FieldKind::Intrinsic(IntrinsicName::Duration));
    prop_oneof![
        Just(duration),
        key().prop_map(|key| field(FieldKind::Attribute(AttributeName { of_parent: false, scope: None, key: key.into() })))
    ]
}

fn text() -> impl Strategy<Value = String> {
    "[a-z|é\"`\\\\\n\t{}<>=#/*\u{1}]{0,8}"
}

fn any_static() -> impl Strategy<Value = Static> {
    prop_oneof![
        text().prop_map(|text| Static::Text(text.into())),
        prop_oneof![any::<i64>(), Just(i64::MIN), -3_i64..3].prop_map(Static::Int),
        number().prop_map(Static::Float),
        any::<bool>().prop_map(Static::Bool),
        (-i64::MAX..i64::MAX).prop_map(Static::Duration),
        select(SpanStatus::ALL.to_vec()).prop_map(Static::Status),
        select(SpanKind::ALL.to_vec()).prop_map(Static::Kind),
    ]
}

fn paren(inner: FieldExpr) -> FieldExpr {
    field(FieldKind::Paren(Box::new(inner)))
}

/// How tightly an expression holds together when it stands on the left or on the right.
fn strength(expr: &FieldExpr) -> u8 {
    match &expr.kind {
        FieldKind::Binary(op, ..) => op.precedence(),
        // A sign takes in what multiplies behind it.
        FieldKind::Not(_) | FieldKind::Negative(_) => 0,
        FieldKind::Static(Static::Int(n)) if *n < 0 && *n != i64::MIN => 0,
        FieldKind::Static(Static::Float(n)) if n.is_sign_negative() => 0,
        FieldKind::Static(Static::Duration(n)) if *n < 0 => 0,
        _ => 10,
    }
}

fn binary(op: FieldOp, lhs: FieldExpr, rhs: FieldExpr) -> FieldExpr {
    let wrap = |side: FieldExpr, is_right: bool| {
        let (inner, outer) = (strength(&side), op.precedence());
        let fits = inner > outer || (inner == outer && is_right == op.is_right_associative());
        if fits { side } else { paren(side) }
    };
    field(FieldKind::Binary(op, Box::new(wrap(lhs, false)), Box::new(wrap(rhs, true))))
}

/// Values that any operator takes: attributes, and expressions of them.
fn value() -> impl Strategy<Value = FieldExpr> {
    let leaf =
        key().prop_map(|key| field(FieldKind::Attribute(AttributeName { of_parent: false, scope: Some(Scope::Span), key: key.into() })));
    let arithmetic: Vec<FieldOp> = FieldOp::ALL.into_iter().filter(|op| op.is_arithmetic()).collect();
    leaf.prop_recursive(3, 8, 2, move |inner| {
        prop_oneof![
            (select(arithmetic.clone()), inner.clone(), inner.clone()).prop_map(|(op, lhs, rhs)| binary(op, lhs, rhs)),
            inner.clone().prop_map(|inner| {
                let inner = if strength(&inner) > 3 { inner } else { paren(inner) };
                field(FieldKind::Negative(Box::new(inner)))
            }),
            inner.prop_map(paren),
        ]
    })
}

fn condition() -> impl Strategy<Value = FieldExpr> {
    let comparison = select(vec![FieldOp::Eq, FieldOp::Ne]);
    let order = select(vec![FieldOp::Lt, FieldOp::Le, FieldOp::Gt, FieldOp::Ge]);
    let regex = select(vec![FieldOp::Regex, FieldOp::NotRegex]);
    let leaf = prop_oneof![
        attribute().prop_filter("not a type of its own", |f| matches!(f.kind, FieldKind::Attribute(_))),
        (comparison.clone(), key(), any_static()).prop_map(|(op, key, value)| {
            let name = field(FieldKind::Attribute(AttributeName { of_parent: true, scope: None, key: key.into() }));
            binary(op, name, field(FieldKind::Static(value)))
        }),
        (comparison, value(), Just(Static::Nil)).prop_map(|(op, lhs, nil)| binary(op, lhs, field(FieldKind::Static(nil)))),
        (order, value(), value()).prop_map(|(op, lhs, rhs)| binary(op, lhs, rhs)),
        (regex, value(), text()).prop_map(|(op, lhs, pattern)| {
            let pattern = pattern.replace(['\\', '{', '}', '*'], "");
            binary(op, lhs, field(FieldKind::Static(Static::Text(pattern.into()))))
        }),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            (select(vec![FieldOp::And, FieldOp::Or]), inner.clone(), inner.clone()).prop_map(|(op, lhs, rhs)| binary(op, lhs, rhs)),
            inner.clone().prop_map(|inner| {
                let inner = if strength(&inner) > 3 { inner } else { paren(inner) };
                field(FieldKind::Not(Box::new(inner)))
            }),
            inner.prop_map(paren),
        ]
    })
}

fn filter() -> impl Strategy<Value = SpansetExpr> {
    option::weighted(0.8, condition()).prop_map(|condition| spans(SpansetKind::Filter(condition)))
}

fn spanset() -> impl Strategy<Value = SpansetExpr> {
    filter().prop_recursive(3, 6, 2, |inner| {
        prop_oneof![
            (select(SpansetOp::ALL.to_vec()), inner.clone(), inner.clone()).prop_map(|(op, lhs, rhs)| {
                let wrap = |side: SpansetExpr, is_right: bool| match &side.kind {
                    SpansetKind::Binary(inner, ..) if inner.precedence() < op.precedence() + u8::from(is_right) => {
                        wrapped(vec![stage(StageKind::Spanset(side))])
                    }
                    _ => side,
                };
                spans(SpansetKind::Binary(op, Box::new(wrap(lhs, false)), Box::new(wrap(rhs, true))))
            }),
            (inner, vec(late_stage(), 0..3))
                .prop_map(|(first, rest)| wrapped(std::iter::once(stage(StageKind::Spanset(first))).chain(rest).collect())),
        ]
    })
}

fn wrapped(stages: Vec<Stage>) -> SpansetExpr {
    spans(SpansetKind::Paren(Box::new(Pipeline { stages, span: NOWHERE })))
}

/// A number of a set, without pipelines.
fn set_number() -> impl Strategy<Value = ScalarExpr> {
    let aggregates = vec![Aggregate::Max, Aggregate::Min, Aggregate::Avg, Aggregate::Sum];
    let leaf = prop_oneof![
        Just(scalar(ScalarKind::Aggregate(Aggregate::Count, None))),
        (select(aggregates), value()).prop_map(|(op, field)| scalar(ScalarKind::Aggregate(op, Some(Box::new(field))))),
        (0_i64..100).prop_map(|n| scalar(ScalarKind::Static(Static::Int(n)))),
        number().prop_map(|n| scalar(ScalarKind::Static(Static::Float(n)))),
        any::<i64>().prop_map(|ns| scalar(ScalarKind::Static(Static::Duration(ns.max(-i64::MAX))))),
    ];
    let arithmetic: Vec<FieldOp> = FieldOp::ALL.into_iter().filter(|op| op.is_arithmetic()).collect();
    leaf.prop_recursive(2, 5, 2, move |inner| {
        prop_oneof![
            (select(arithmetic.clone()), inner.clone(), inner.clone()).prop_map(|(op, lhs, rhs)| scalar_binary(op, lhs, rhs)),
            inner.prop_map(|inner| scalar(ScalarKind::Paren(Box::new(inner)))),
        ]
    })
}

fn scalar_binary(op: FieldOp, lhs: ScalarExpr, rhs: ScalarExpr) -> ScalarExpr {
    let wrap = |side: ScalarExpr, is_right: bool| match &side.kind {
        ScalarKind::Binary(inner, ..) => {
            let (inner, outer) = (inner.precedence(), op.precedence());
            let fits = inner > outer || (inner == outer && is_right == op.is_right_associative());
            if fits { side } else { scalar(ScalarKind::Paren(Box::new(side))) }
        }
        _ => side,
    };
    scalar(ScalarKind::Binary(op, Box::new(wrap(lhs, false)), Box::new(wrap(rhs, true))))
}

fn scalar_filter(number: impl Strategy<Value = ScalarExpr> + Clone) -> impl Strategy<Value = Stage> {
    let op = select(FieldOp::ALL.into_iter().filter(|op| op.is_comparison()).collect::<Vec<_>>());
    (op, number.clone(), number).prop_map(|(op, lhs, rhs)| stage(StageKind::ScalarFilter(ScalarFilter { op, lhs, rhs })))
}

fn late_stage() -> impl Strategy<Value = Stage> {
    prop_oneof![
        filter().prop_map(|set| stage(StageKind::Spanset(set))),
        scalar_filter(set_number().boxed()),
        attribute().prop_map(|field| stage(StageKind::By(field))),
        Just(stage(StageKind::Coalesce)),
        vec(attribute(), 1..4).prop_map(|fields| stage(StageKind::Select(fields))),
    ]
}

fn pipeline() -> impl Strategy<Value = Pipeline> {
    (spanset(), vec(late_stage(), 0..4)).prop_map(|(first, rest)| {
        let stages = std::iter::once(stage(StageKind::Spanset(first))).chain(rest).collect();
        Pipeline { stages, span: NOWHERE }
    })
}

/// `({ … } | count()) > ({ … } | count())`
fn compared_pipelines() -> impl Strategy<Value = Pipeline> {
    let number =
        (pipeline(), set_number()).prop_map(|(pipeline, number)| scalar(ScalarKind::Pipeline(Box::new(pipeline), Box::new(number))));
    let all = stage(StageKind::Spanset(spans(SpansetKind::Filter(None))));
    scalar_filter(number.boxed()).prop_map(move |compared| Pipeline { stages: vec![all.clone(), compared], span: NOWHERE })
}

fn metrics_stage() -> impl Strategy<Value = MetricsStage> {
    let op = prop_oneof![
        Just(MetricsOp::Rate),
        Just(MetricsOp::CountOverTime),
        measured().prop_map(MetricsOp::MinOverTime),
        measured().prop_map(MetricsOp::MaxOverTime),
        measured().prop_map(MetricsOp::AvgOverTime),
        measured().prop_map(MetricsOp::SumOverTime),
        measured().prop_map(MetricsOp::HistogramOverTime),
        (measured(), vec(0.0..=1.0_f64, 1..4)).prop_map(|(field, quantiles)| MetricsOp::QuantileOverTime(field, quantiles)),
    ];
    (op, vec(attribute(), 0..4)).prop_map(|(op, by)| MetricsStage { op, by, span: NOWHERE })
}

fn compare() -> impl Strategy<Value = MetricsExpr> {
    let top = option::of((1_u64..50, option::of((0_i64..1000, 1_i64..1000))));
    (pipeline(), filter(), top).prop_map(|(pipeline, selection, top)| {
        let range = top.and_then(|(_, range)| range).map(|(start, length)| (start, start + length));
        let op = MetricsOp::Compare { selection: Box::new(selection), top: top.map(|(top, _)| top), range };
        metrics(MetricsKind::Pipeline(pipeline, MetricsStage { op, by: Vec::new(), span: NOWHERE }))
    })
}

fn metrics_expr() -> impl Strategy<Value = MetricsExpr> {
    let leaf = (pipeline(), metrics_stage()).prop_map(|(pipeline, stage)| metrics(MetricsKind::Pipeline(pipeline, stage)));
    let comparisons: Vec<FieldOp> = FieldOp::ALL.into_iter().filter(|op| op.is_comparison()).collect();
    leaf.prop_recursive(3, 4, 2, move |inner| {
        let in_parens = |side: MetricsExpr, op: FieldOp, is_right: bool| match &side.kind {
            MetricsKind::Paren(_) => side,
            MetricsKind::Binary(inner, ..) if inner.precedence() >= op.precedence() + u8::from(is_right) => side,
            _ => metrics(MetricsKind::Paren(Box::new(side))),
        };
        let side = prop_oneof![3 => inner.clone(), 1 => number().prop_map(|n| metrics(MetricsKind::Number(n)))];
        let ops = vec![FieldOp::Add, FieldOp::Sub, FieldOp::Mul, FieldOp::Div];
        prop_oneof![
            (inner.clone(), 1_u64..100).prop_map(|(inner, k)| metrics(MetricsKind::TopK(Box::new(inner), k))),
            (inner.clone(), 1_u64..100).prop_map(|(inner, k)| metrics(MetricsKind::BottomK(Box::new(inner), k))),
            (inner.clone(), select(comparisons.clone()), number()).prop_map(|(inner, op, limit)| metrics(MetricsKind::Filter(
                Box::new(inner),
                op,
                limit
            ))),
            (select(ops), inner.clone(), side, any::<bool>()).prop_map(move |(op, one, other, swap)| {
                let (lhs, rhs) = if swap { (other, one) } else { (one, other) };
                let wrap = |side: MetricsExpr, is_right| {
                    if matches!(side.kind, MetricsKind::Number(_)) { side } else { in_parens(side, op, is_right) }
                };
                metrics(MetricsKind::Binary(op, Box::new(wrap(lhs, false)), Box::new(wrap(rhs, true))))
            }),
            inner.prop_map(|inner| metrics(MetricsKind::Paren(Box::new(inner)))),
        ]
    })
}

fn query() -> impl Strategy<Value = Query> {
    let body = prop_oneof![
        3 => pipeline().prop_map(Body::Search),
        1 => compared_pipelines().prop_map(Body::Search),
        3 => metrics_expr().prop_map(Body::Metrics),
        1 => compare().prop_map(Body::Metrics),
    ];
    let hint = ("[a-z_]{1,5}", any_static()).prop_map(|(name, value)| Hint { name, value, span: NOWHERE });
    (body, vec(hint, 0..3)).prop_map(|(body, hints)| Query { body, hints, span: NOWHERE })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn written_queries_read_back(query in query()) {
        check_written::<TraceQl>(&query)?;
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,40}") {
        check_text::<TraceQl>(&text)?;
    }

    #[test]
    fn any_tokens_are_survived(text in any_words(&WORDS)) {
        check_text::<TraceQl>(&text)?;
    }

    #[test]
    fn mutated_queries_are_survived(text in mutated(query(), "[-+*/%^=!<>(){}&,|~#\"`a-z0-9.: \n]")) {
        check_text::<TraceQl>(&text)?;
    }

    /// Each pair of the search by tags is found again in its query.
    #[test]
    fn any_tags_are_survived(pairs in prop::collection::btree_map("[a-zA-Z0-9._{}&é-]{1,6}", "[a-zA-Z0-9 .*+?(){}|\\\\é-]{1,6}", 0..4), noise in "\\PC{0,20}") {
        let tags: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", phoenix_query::cursor::quote(value))).collect();
        let query = from_tags(&tags.join(" "), None, None).map_err(|d| TestCaseError::fail(d[0].to_string()))?;
        let known = ["name", "status", "error"];
        let keys: Vec<&str> = query.attributes().iter().map(|name| &*name.key).collect();
        prop_assert_eq!(keys, pairs.keys().map(String::as_str).filter(|key| !known.contains(key)).collect::<Vec<_>>());
        let _ = from_tags(&noise, None, None);
    }
}

const WORDS: [&str; 72] = [
    "{",
    "}",
    "(",
    ")",
    "{ }",
    "{ .a = 1 }",
    "|",
    "||",
    "&&",
    "!",
    "=",
    "!=",
    "=~",
    "!~",
    ">",
    ">>",
    "<<",
    "<",
    "~",
    "&>",
    "&>>",
    "!>>",
    "<=",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "\"x\"",
    "`y`",
    "5",
    "1.5",
    "5m",
    ".a",
    "span.b",
    "parent.c",
    "resource.\"d e\"",
    "span:",
    "trace:",
    "name",
    "duration",
    "status",
    "kind",
    "id",
    "error",
    "ok",
    "server",
    "nil",
    "true",
    "by",
    "select",
    "coalesce",
    "count",
    "avg",
    "sum",
    "rate",
    "rate()",
    "count()",
    "quantile_over_time",
    "min_over_time",
    "compare",
    "topk",
    "bottomk",
    "with",
    "// x\n",
    "/*",
    "*/",
    "foo",
    "9223372036854775808",
    "'",
];
