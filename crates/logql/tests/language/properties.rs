//! What must hold for every query.

use super::LogQl;
use phoenix_logql::UnwrapUse;
use phoenix_logql::ast::{
    Binary, BinaryOp, Cardinality, CompareOp, Conversion, Expr, ExprKind, Extraction, LabelFilter, LabelFormat, LabelFormatValue,
    LabelReplace, LabelSelector, LineFilterExpr, LineOp, LineTerm, LogExpr, RangeAggregation, RangeOp, Stage, StageKind, Unwrap,
    VectorAggregation, VectorMatching, VectorOp,
};
use phoenix_model::{MatchOp, Matcher, Span};
use phoenix_query::testing::{any_words, check_text, check_written, grouping, matching, mutated, number};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn node(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::default() }
}

/// Names of labels, words of the language among them.
fn name() -> impl Strategy<Value = String> {
    let words = [
        "app",
        "json",
        "logfmt",
        "unpack",
        "drop",
        "or",
        "and",
        "by",
        "on",
        "offset",
        "unwrap",
        "bytes",
        "rate",
        "sum",
        "ip",
        "vector",
        "__error__",
    ];
    prop_oneof![select(words.to_vec()).prop_map(str::to_owned), "[a-zA-Z_][a-zA-Z0-9_]{0,5}"]
}

fn names() -> impl Strategy<Value = Vec<String>> {
    vec(name(), 1..4)
}

fn text() -> impl Strategy<Value = String> {
    "[a-z|é\"`\\\\\n\t{}<>=#\u{1}]{0,8}"
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let op = select(vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex]);
    (name(), op, text()).prop_map(|(name, op, value)| {
        let is_regex = matches!(op, MatchOp::Regex | MatchOp::NotRegex);
        Matcher::new(name, op, if is_regex { value.replace(['\\', '{', '}'], "") } else { value }).unwrap()
    })
}

fn address() -> impl Strategy<Value = String> {
    select(vec!["10.0.0.1", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "::1", "2001:db8::/32"]).prop_map(str::to_owned)
}

fn line_filter() -> impl Strategy<Value = StageKind> {
    let op = select(LineOp::ALL.to_vec());
    (op, vec((text(), option::weighted(0.2, address())), 1..4)).prop_map(|(op, terms)| {
        let alternatives = terms.into_iter().map(|(text, address)| match (op, address) {
            (LineOp::Contains | LineOp::NotContains, Some(address)) => LineTerm::Ip(address),
            (LineOp::Contains | LineOp::NotContains, None) => LineTerm::Text(text),
            (LineOp::Regex | LineOp::NotRegex, _) => LineTerm::Text(text.replace(['\\', '{', '}'], "")),
            (LineOp::Pattern | LineOp::NotPattern, _) => LineTerm::Text(format!("<_> {} <_>", text.replace('<', ""))),
        });
        StageKind::LineFilter(LineFilterExpr { op, alternatives: alternatives.collect() })
    })
}

fn label_filter() -> impl Strategy<Value = LabelFilter> {
    let op = || select(CompareOp::ALL.to_vec());
    let leaf = prop_oneof![
        matcher().prop_map(LabelFilter::Matcher),
        (name(), op(), number()).prop_map(|(name, op, value)| LabelFilter::Number { name, op, value }),
        (name(), op(), prop_oneof![-5_000_000_000_i64..5_000_000_000_000, Just(i64::MAX)])
            .prop_map(|(name, op, value_ns)| LabelFilter::Duration { name, op, value_ns }),
        (name(), op(), prop_oneof![0_u64..5_000_000, Just(u64::MAX)]).prop_map(|(name, op, value)| LabelFilter::Bytes { name, op, value }),
        (name(), any::<bool>(), address()).prop_map(|(name, negated, range)| LabelFilter::Ip { name, negated, range }),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        (any::<bool>(), inner.clone(), inner).prop_map(|(and, left, right)| {
            let (left, right) = (Box::new(left), Box::new(right));
            if and { LabelFilter::And(left, right) } else { LabelFilter::Or(left, right) }
        })
    })
}

fn extractions() -> impl Strategy<Value = Vec<Extraction>> {
    let path = select(vec!["a", "a.b", "a[0].b", "[\"x y\"]", "or"]).prop_map(str::to_owned);
    vec((name(), path), 0..3).prop_map(|list| list.into_iter().map(|(name, path)| Extraction { name, path }).collect())
}

fn label_formats() -> impl Strategy<Value = Vec<LabelFormat>> {
    let value = prop_oneof![name().prop_map(LabelFormatValue::Rename), Just(LabelFormatValue::Template("{{.a}} \"b\"".to_owned()))];
    prop::collection::btree_map("[a-z]{1,3}", value, 1..3)
        .prop_map(|map| map.into_iter().map(|(name, value)| LabelFormat { name, value }).collect())
}

fn label_selectors() -> impl Strategy<Value = Vec<LabelSelector>> {
    vec(prop_oneof![name().prop_map(LabelSelector::Name), matcher().prop_map(LabelSelector::Matcher)], 1..4)
}

fn stage() -> impl Strategy<Value = StageKind> {
    prop_oneof![
        3 => line_filter(),
        1 => extractions().prop_map(StageKind::Json),
        1 => (any::<bool>(), any::<bool>(), extractions())
            .prop_map(|(strict, keep_empty, fields)| StageKind::Logfmt { strict, keep_empty, fields }),
        1 => Just(StageKind::Pattern("<ip> - \"<_>\"".to_owned())),
        1 => Just(StageKind::Regexp("(?P<x>\\w+) `\"".to_owned())),
        1 => Just(StageKind::Unpack),
        1 => Just(StageKind::Decolorize),
        3 => label_filter().prop_map(StageKind::LabelFilter),
        1 => Just(StageKind::LineFormat("{{.a}} \"`\n".to_owned())),
        1 => label_formats().prop_map(StageKind::LabelFormat),
        1 => label_selectors().prop_map(StageKind::Drop),
        1 => label_selectors().prop_map(StageKind::Keep),
        1 => names().prop_map(StageKind::Distinct),
    ]
}

fn logs() -> impl Strategy<Value = LogExpr> {
    (vec(matcher(), 0..3), vec(stage(), 0..5)).prop_map(|(mut matchers, stages)| {
        matchers.push(Matcher::equal("job", "x"));
        let mut logs = LogExpr { matchers, selector_span: Span::default(), stages: Vec::new() };
        for kind in stages {
            // A bare name of `drop` and `keep` takes the operator of a line filter behind it.
            let takes = matches!(logs.stages.last().map(|s: &Stage| &s.kind), Some(StageKind::Drop(list) | StageKind::Keep(list))
                if matches!(list.last(), Some(LabelSelector::Name(_))));
            let is_filter = matches!(&kind, StageKind::LineFilter(f) if matches!(f.op, LineOp::NotContains | LineOp::NotRegex));
            if !(takes && is_filter) {
                logs.stages.push(Stage { kind, span: Span::default() });
            }
        }
        logs
    })
}

fn unwrap() -> impl Strategy<Value = Unwrap> {
    let conversion = select(vec![Conversion::None, Conversion::Bytes, Conversion::Duration, Conversion::DurationSeconds]);
    (name(), conversion, vec(label_filter(), 0..3)).prop_map(|(label, conversion, filters)| Unwrap {
        label,
        conversion,
        filters,
        span: Span::default(),
    })
}

fn range_aggregation() -> impl Strategy<Value = Expr> {
    let times = (1_i64..10_000_000_000_000, prop_oneof![Just(0_i64), -5_000_000_000..5_000_000_000_i64]);
    let parts = (select(RangeOp::ALL.to_vec()), logs(), option::of(unwrap()), unwrap(), times, option::of(grouping(name)), 0.0..=1.0_f64);
    parts.prop_map(|(op, logs, maybe, surely, (range_ns, offset_ns), grouping, quantile)| {
        let unwrap = match op.unwrap_use() {
            UnwrapUse::Refused => None,
            UnwrapUse::Needed => Some(surely),
            UnwrapUse::Either => maybe,
        };
        let param = op.takes_param().then_some(quantile);
        let grouping = grouping.filter(|_| op.takes_grouping());
        node(ExprKind::RangeAggregation(Box::new(RangeAggregation { op, param, logs, unwrap, range_ns, offset_ns, grouping })))
    })
}

fn paren(expr: Expr) -> Expr {
    node(ExprKind::Paren(Box::new(expr)))
}

fn binary(op: BinaryOp, lhs: Expr, rhs: Expr, returns_bool: bool, matching: VectorMatching) -> Expr {
    let wrap = |side: Expr, is_right: bool| match &side.kind {
        ExprKind::Binary(inner) => {
            let (inner, outer) = (inner.op.precedence(), op.precedence());
            let fits = inner > outer || (inner == outer && is_right == op.is_right_associative());
            if fits { side } else { paren(side) }
        }
        _ if op.is_set() && is_number(&side) => node(ExprKind::Vector(1.0)),
        _ => side,
    };
    let (lhs, rhs) = (wrap(lhs, false), wrap(rhs, true));
    let matching =
        if op.is_set() { VectorMatching { cardinality: Cardinality::ManyToMany, include: Vec::new(), ..matching } } else { matching };
    node(ExprKind::Binary(Box::new(Binary { op, returns_bool: returns_bool && op.is_comparison(), matching, lhs, rhs })))
}

/// Whether it is a number in parentheses, which is no series.
fn is_number(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) => true,
        ExprKind::Paren(inner) => is_number(inner),
        _ => false,
    }
}

fn metric() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        4 => range_aggregation(),
        1 => number().prop_map(|value| node(ExprKind::Number(value))),
        1 => number().prop_map(|value| node(ExprKind::Vector(value))),
    ];
    let ops: Vec<BinaryOp> = BinaryOp::ALL.into_iter().filter(|op| *op != BinaryOp::Atan2 && !op.is_trim()).collect();
    leaf.prop_recursive(4, 12, 2, move |inner| {
        prop_oneof![
            (select(ops.clone()), inner.clone(), inner.clone(), any::<bool>(), matching(name))
                .prop_map(|(op, lhs, rhs, returns_bool, matching)| binary(op, lhs, rhs, returns_bool, matching)),
            (select(VectorOp::ALL.to_vec()), inner.clone(), option::of(grouping(name)), 1_u64..100).prop_map(|(op, expr, grouping, k)| {
                let expr = if is_number(&expr) { node(ExprKind::Vector(1.0)) } else { expr };
                let grouping = grouping.filter(|_| op.takes_grouping());
                let param = op.takes_param().then_some(k);
                node(ExprKind::VectorAggregation(Box::new(VectorAggregation { op, param, grouping, expr })))
            }),
            (inner.clone(), text()).prop_map(|(expr, replacement)| {
                let expr = if is_number(&expr) { node(ExprKind::Vector(1.0)) } else { expr };
                let (dst, src, regex) = ("dst".to_owned(), "src".to_owned(), "(.*):\"`.*".to_owned());
                node(ExprKind::LabelReplace(Box::new(LabelReplace { expr, dst, replacement, src, regex })))
            }),
            inner.prop_map(paren),
        ]
    })
}

pub(super) fn query() -> impl Strategy<Value = Expr> {
    prop_oneof![logs().prop_map(|logs| node(ExprKind::Logs(logs))), metric()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn written_queries_read_back(expr in query()) {
        check_written::<LogQl>(&expr)?;
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,40}") {
        check_text::<LogQl>(&text)?;
    }

    #[test]
    fn any_tokens_are_survived(text in any_words(&WORDS)) {
        check_text::<LogQl>(&text)?;
    }

    #[test]
    fn mutated_queries_are_survived(text in mutated(query(), "[-+*/%^=!<>(){}\\[\\],|~#\"`a-z0-9. \n]")) {
        check_text::<LogQl>(&text)?;
    }
}

const WORDS: [&str; 54] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "{a=\"b\"}",
    "[5m]",
    "|",
    "|=",
    "!=",
    "|~",
    "!~",
    "|>",
    "=",
    "==",
    "=~",
    ">",
    "<=",
    ",",
    "+",
    "-",
    "^",
    "\"x\"",
    "`<y>`",
    "5",
    "5m",
    "5MB",
    "app",
    "json",
    "logfmt",
    "--strict",
    "pattern",
    "regexp",
    "unwrap",
    "bytes",
    "drop",
    "keep",
    "label_format",
    "line_format",
    "distinct",
    "ip",
    "rate",
    "sum_over_time",
    "quantile_over_time",
    "sum",
    "topk",
    "by",
    "on",
    "group_left",
    "offset",
    "and",
    "or",
    "label_replace",
];
