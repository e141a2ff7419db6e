//! What must hold for every query.

use phoenix_logql::ast::{
    Binary, BinaryOp, Cardinality, CompareOp, Conversion, Expr, ExprKind, Extraction, Grouping, LabelFilter, LabelFormat, LabelFormatValue,
    LabelReplace, LabelSelector, LineFilterExpr, LineOp, LineTerm, LogExpr, RangeAggregation, RangeOp, Stage, StageKind, Unwrap,
    VectorAggregation, VectorMatching, VectorOp,
};
use phoenix_logql::{UnwrapUse, loki_message, parse, pretty};
use phoenix_model::{MatchOp, Matcher, Span};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn node(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::default() }
}

/// The expression with all spans removed.
fn bare(mut expr: Expr) -> Expr {
    fn bare_logs(logs: &mut LogExpr) {
        logs.selector_span = Span::default();
        logs.stages.iter_mut().for_each(|stage| stage.span = Span::default());
    }
    fn strip(expr: &mut Expr) {
        expr.span = Span::default();
        match &mut expr.kind {
            ExprKind::Logs(logs) => bare_logs(logs),
            ExprKind::RangeAggregation(aggregation) => {
                bare_logs(&mut aggregation.logs);
                if let Some(unwrap) = &mut aggregation.unwrap {
                    unwrap.span = Span::default();
                }
            }
            ExprKind::VectorAggregation(aggregation) => strip(&mut aggregation.expr),
            ExprKind::LabelReplace(replace) => strip(&mut replace.expr),
            ExprKind::Binary(binary) => {
                strip(&mut binary.lhs);
                strip(&mut binary.rhs);
            }
            ExprKind::Paren(inner) => strip(inner),
            ExprKind::Number(_) | ExprKind::Vector(_) | ExprKind::Error => {}
        }
    }
    strip(&mut expr);
    expr
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

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![-1e6..1e6_f64, Just(0.0), Just(1e300), Just(1e-300), (0..5_i32).prop_map(f64::from)]
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

fn grouping() -> impl Strategy<Value = Grouping> {
    (any::<bool>(), vec(name(), 0..3)).prop_map(|(without, labels)| Grouping { without, labels })
}

fn range_aggregation() -> impl Strategy<Value = Expr> {
    let times = (1_i64..10_000_000_000_000, prop_oneof![Just(0_i64), -5_000_000_000..5_000_000_000_i64]);
    let parts = (select(RangeOp::ALL.to_vec()), logs(), option::of(unwrap()), unwrap(), times, option::of(grouping()), 0.0..=1.0_f64);
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

fn matching() -> impl Strategy<Value = VectorMatching> {
    (0..3_usize, any::<bool>(), vec(name(), 0..3), vec(name(), 0..3)).prop_map(|(cardinality, on, labels, include)| {
        let cardinality = [Cardinality::OneToOne, Cardinality::ManyToOne, Cardinality::OneToMany][cardinality];
        let include = if cardinality == Cardinality::OneToOne { Vec::new() } else { include };
        let include = include.into_iter().filter(|label| !on || !labels.contains(label)).collect();
        VectorMatching { cardinality, on, labels, include }
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
            (select(ops.clone()), inner.clone(), inner.clone(), any::<bool>(), matching())
                .prop_map(|(op, lhs, rhs, returns_bool, matching)| binary(op, lhs, rhs, returns_bool, matching)),
            (select(VectorOp::ALL.to_vec()), inner.clone(), option::of(grouping()), 1_u64..100).prop_map(|(op, expr, grouping, k)| {
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

    /// Both forms read back as the query that was written, and writing again changes nothing.
    #[test]
    fn written_queries_read_back(expr in query()) {
        for text in [expr.to_string(), pretty(&expr)] {
            let again = parse(&text).into_result().map_err(|d| TestCaseError::fail(format!("{text}\n{}", d[0])))?;
            prop_assert_eq!(bare(again), bare(expr.clone()), "{}", text);
        }
        let shown = pretty(&expr);
        prop_assert_eq!(pretty(&parse(&shown).query.unwrap()), shown);
    }

    /// Whatever the text, the parser ends, does not panic, and keeps spans within the text.
    #[test]
    fn any_text_is_survived(text in "\\PC{0,40}") {
        check_spans(&text)?;
    }

    #[test]
    fn any_tokens_are_survived(words in vec(select(WORDS.to_vec()), 0..25), blanks in any::<bool>()) {
        check_spans(&words.join(if blanks { " " } else { "" }))?;
    }

    #[test]
    fn mutated_queries_are_survived(
        expr in query(),
        edits in vec((any::<prop::sample::Index>(), 0..4, "[-+*/%^=!<>(){}\\[\\],|~#\"`a-z0-9. \n]"), 1..4),
    ) {
        let mut text: Vec<char> = expr.to_string().chars().collect();
        for (place, edit, with) in edits {
            if text.is_empty() {
                break;
            }
            let at = place.index(text.len());
            match edit {
                0 => { text.remove(at); }
                1 => text.insert(at, with.chars().next().unwrap()),
                2 => text[at] = with.chars().next().unwrap(),
                _ => text.truncate(at),
            }
        }
        check_spans(&text.into_iter().collect::<String>())?;
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

fn check_spans(text: &str) -> Result<(), TestCaseError> {
    let parsed = parse(text);
    prop_assert!(parsed.query.is_some() || !parsed.diagnostics.is_empty());
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span;
        prop_assert!(span.start <= span.end && span.end <= text.len(), "{}: {:?}", text, diagnostic);
        let _ = diagnostic.to_string();
    }
    let _ = loki_message(&parsed.diagnostics, text);
    if let Some(expr) = &parsed.query {
        let mut has_errors = false;
        expr.walk(&mut |node| {
            assert!(node.span.start <= node.span.end && node.span.end <= text.len(), "{text}: {node:?}");
            has_errors |= node.kind == ExprKind::Error;
        });
        prop_assert!(!has_errors || !parsed.diagnostics.is_empty(), "{}: an error without a word", text);
        if parsed.diagnostics.is_empty() {
            let shown = expr.to_string();
            let again = parse(&shown).into_result().map_err(|d| TestCaseError::fail(format!("{text} as {shown}\n{}", d[0])))?;
            prop_assert_eq!(bare(again), bare(expr.clone()), "{} as {}", text, shown);
        }
    }
    Ok(())
}
