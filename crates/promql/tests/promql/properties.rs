//! What must hold for every expression and all data.

use crate::script::memory::Memory;
use phoenix_model::{Budget, Labels, MatchOp, Matcher, Span, stale_nan};
use phoenix_promql::ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Cardinality, Expr, ExprKind, Number, RangeSelector, Selector, Sign, Subquery,
    TimeShift, ValueType, VectorMatching,
};
use phoenix_promql::functions::FUNCTIONS;
use phoenix_promql::{EvalOptions, Parsed, eval_instant, eval_range, format, parse};
use phoenix_query::testing::{Language, check_text, check_written, grouping, matching, mutated, without_spans};
use phoenix_query::{QueryOutput, Value};
use proptest::prelude::*;

fn node(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::default() }
}

struct PromQl;

impl Language for PromQl {
    type Query = Expr;

    fn parse(text: &str) -> Parsed {
        parse(text)
    }

    fn pretty(query: &Expr) -> String {
        format(query)
    }

    fn meaning(query: &Expr) -> String {
        without_spans(&bare(query))
    }

    fn visit(query: &Expr, visitor: &mut dyn FnMut(Span, bool)) {
        query.walk(&mut |node| visitor(node.span, node.kind == ExprKind::Error));
    }
}

/// The expression without parentheses and with its grouping: what it means, however it was written.
fn bare(expr: &Expr) -> Expr {
    let mut expr = expr.clone();
    let strip = |inner: &mut Expr| *inner = bare(inner);
    match &mut expr.kind {
        ExprKind::Paren(inner) => return bare(inner),
        ExprKind::Selector(selector) => selector.matcher_spans.clear(),
        ExprKind::Range(range) => range.selector.matcher_spans.clear(),
        ExprKind::Subquery(subquery) => strip(&mut subquery.expr),
        ExprKind::Call(call) => call.args.iter_mut().for_each(strip),
        ExprKind::Aggregate(aggregate) => {
            aggregate.param.iter_mut().for_each(strip);
            strip(&mut aggregate.expr);
            // `by ()` is what no grouping means.
            aggregate.grouping.get_or_insert_default();
        }
        ExprKind::Unary(_, inner) => strip(inner),
        ExprKind::Binary(binary) => {
            strip(&mut binary.lhs);
            strip(&mut binary.rhs);
        }
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Error => {}
    }
    expr
}

fn label_name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("job".to_owned()),
        Just("le".to_owned()),
        Just("by".to_owned()),
        Just("inf".to_owned()),
        Just("a.b c".to_owned()),
        "[a-zA-Z_][a-zA-Z0-9_]{0,5}",
    ]
}

fn time_shift() -> impl Strategy<Value = TimeShift> {
    let at = prop_oneof![
        Just(None),
        Just(Some(At::Start)),
        Just(Some(At::End)),
        (-10_000_i64..2_000_000_000_000).prop_map(|t| Some(At::Time(t)))
    ];
    (prop_oneof![Just(0), -5_000_000_i64..5_000_000], at).prop_map(|(offset_ms, at)| TimeShift { offset_ms, at })
}

fn selector() -> impl Strategy<Value = Selector> {
    let name = prop_oneof![
        Just("up".to_owned()),
        Just("sum".to_owned()),
        Just("by".to_owned()),
        Just("inf".to_owned()),
        Just("on".to_owned()),
        Just("and".to_owned()),
        Just("start".to_owned()),
        Just("http.requests \"x\"".to_owned()),
        "[a-zA-Z_:][a-zA-Z0-9_:]{0,6}",
    ];
    let op = prop::sample::select(vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex]);
    let matcher = (label_name(), op, "[a-z|é\"\\\\\n\t]{0,6}").prop_map(|(label, op, value)| {
        let value = if matches!(op, MatchOp::Regex | MatchOp::NotRegex) { value.replace('\\', "") } else { value };
        Matcher::new(label, op, value).unwrap()
    });
    (prop::option::of(name), prop::collection::vec(matcher, 0..3), time_shift()).prop_map(|(name, mut matchers, time)| {
        if name.is_none() {
            matchers.push(Matcher::equal("job", "x"));
        }
        if let Some(name) = &name {
            matchers.push(Matcher::equal("__name__", name));
        }
        Selector { name, matchers, matcher_spans: Vec::new(), time }
    })
}

fn range() -> impl Strategy<Value = i64> {
    prop_oneof![Just(300_000), 1_i64..100_000_000]
}

fn number() -> impl Strategy<Value = Number> {
    let value = prop_oneof![-1e6..1e6_f64, Just(0.0), Just(f64::INFINITY), Just(1e300), Just(1e-300), (0..5_i32).prop_map(f64::from)];
    prop_oneof![
        value.prop_map(|value| Number { value, is_duration: false }),
        (1_i64..1_000_000).prop_map(|ms| Number { value: ms as f64 / 1000.0, is_duration: true }),
    ]
}

/// An expression of any of the given types, well-typed, with the parentheses that it needs.
fn expression(wanted: ValueType, depth: u32) -> BoxedStrategy<Expr> {
    let number = number().prop_map(|n| node(ExprKind::Number(n)));
    match wanted {
        ValueType::Scalar if depth == 0 => number.boxed(),
        ValueType::Scalar => prop_oneof![
            number,
            (arithmetic(), expression(ValueType::Scalar, depth - 1), expression(ValueType::Scalar, depth - 1))
                .prop_map(|(op, lhs, rhs)| binary(op, lhs, rhs, op.is_comparison(), VectorMatching::default())),
            function(ValueType::Scalar, depth),
        ]
        .boxed(),
        ValueType::Matrix => {
            let plain = (selector(), range()).prop_map(|(selector, range_ms)| {
                node(ExprKind::Range(RangeSelector { selector, selector_span: Span::default(), range_ms }))
            });
            if depth == 0 {
                return plain.boxed();
            }
            let subquery = (expression(ValueType::Vector, depth - 1), range(), prop::option::of(range()), time_shift()).prop_map(
                |(expr, range_ms, step_ms, time)| {
                    node(ExprKind::Subquery(Box::new(Subquery { expr: atom(expr), range_ms, step_ms, time })))
                },
            );
            prop_oneof![plain, subquery].boxed()
        }
        ValueType::String => "[ -~é\n]{0,8}".prop_map(|text| node(ExprKind::String(text))).boxed(),
        _ if depth == 0 => selector().prop_map(|s| node(ExprKind::Selector(s))).boxed(),
        _ => prop_oneof![
            selector().prop_map(|s| node(ExprKind::Selector(s))),
            (arithmetic(), expression(ValueType::Vector, depth - 1), expression(ValueType::Scalar, depth - 1), any::<bool>())
                .prop_map(|(op, lhs, rhs, b)| binary(op, lhs, rhs, b && op.is_comparison(), VectorMatching::default())),
            (
                any_op(),
                expression(ValueType::Vector, depth - 1),
                expression(ValueType::Vector, depth - 1),
                matching(label_name),
                any::<bool>()
            )
                .prop_map(|(op, lhs, rhs, matching, b)| {
                    let matching = if op.is_set() {
                        VectorMatching { cardinality: Cardinality::ManyToMany, include: Vec::new(), ..matching }
                    } else {
                        matching
                    };
                    binary(op, lhs, rhs, b && op.is_comparison(), matching)
                }),
            (any::<bool>(), expression(ValueType::Vector, depth - 1)).prop_map(|(minus, inner)| {
                let sign = if minus { Sign::Minus } else { Sign::Plus };
                let inner = if matches!(inner.kind, ExprKind::Binary(_)) { paren(inner) } else { inner };
                node(ExprKind::Unary(sign, Box::new(inner)))
            }),
            aggregate(depth),
            function(ValueType::Vector, depth),
        ]
        .boxed(),
    }
}

fn arithmetic() -> impl Strategy<Value = BinaryOp> {
    prop::sample::select(BinaryOp::ALL.into_iter().filter(|op| !op.is_set() && !op.is_trim()).collect::<Vec<_>>())
}

fn any_op() -> impl Strategy<Value = BinaryOp> {
    prop::sample::select(BinaryOp::ALL.to_vec())
}

fn aggregate(depth: u32) -> impl Strategy<Value = Expr> {
    let parts = (prop::sample::select(AggregateOp::ALL.to_vec()), prop::option::of(grouping(label_name)));
    parts.prop_flat_map(move |(op, grouping)| {
        let param = op.param_type().map(|t| expression(t, 0));
        let param = param.map_or(Just(None).boxed(), |p| p.prop_map(Some).boxed());
        (param, expression(ValueType::Vector, depth - 1)).prop_map(move |(param, expr)| {
            node(ExprKind::Aggregate(Box::new(Aggregate { op, param, expr, grouping: grouping.clone(), name_span: Span::default() })))
        })
    })
}

fn function(returns: ValueType, depth: u32) -> impl Strategy<Value = Expr> {
    let functions: Vec<_> = FUNCTIONS.iter().filter(|f| f.returns == returns).collect();
    prop::sample::select(functions).prop_flat_map(move |function| {
        let args: Vec<_> = function.args.iter().map(|t| expression(*t, depth - 1)).collect();
        args.prop_map(move |args| node(ExprKind::Call(Call { function, args, name_span: Span::default() })))
    })
}

fn paren(expr: Expr) -> Expr {
    node(ExprKind::Paren(Box::new(expr)))
}

/// What may stand before brackets without parentheses.
fn atom(expr: Expr) -> Expr {
    let negative = matches!(&expr.kind, ExprKind::Number(n) if n.value.is_sign_negative());
    if negative || matches!(expr.kind, ExprKind::Binary(_) | ExprKind::Unary(..)) { paren(expr) } else { expr }
}

fn binary(op: BinaryOp, lhs: Expr, rhs: Expr, returns_bool: bool, matching: VectorMatching) -> Expr {
    let wrap = |side: Expr, is_right: bool| match &side.kind {
        ExprKind::Binary(inner) => {
            let (inner, outer) = (inner.op.precedence(), op.precedence());
            let fits = inner > outer || (inner == outer && is_right == op.is_right_associative());
            if fits { side } else { paren(side) }
        }
        ExprKind::Unary(..) | ExprKind::Number(_) => atom(side),
        _ => side,
    };
    let (lhs, rhs) = (wrap(lhs, false), wrap(rhs, true));
    node(ExprKind::Binary(Box::new(Binary { op, lhs, rhs, returns_bool, matching, op_span: Span::default() })))
}

fn any_expression() -> impl Strategy<Value = Expr> {
    prop_oneof![expression(ValueType::Vector, 4), expression(ValueType::Scalar, 3), expression(ValueType::Matrix, 3)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn written_expressions_read_back(expr in any_expression()) {
        check_written::<PromQl>(&expr)?;
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,40}") {
        check_text::<PromQl>(&text)?;
    }

    #[test]
    fn mutated_expressions_are_survived(text in mutated(any_expression(), "[-+*/%^=!<>(){}\\[\\],:@#'\"`a-z0-9. \n]")) {
        check_text::<PromQl>(&text)?;
    }

    /// Evaluation of anything well-typed ends in a result or an error.
    #[test]
    fn any_expression_is_evaluated_or_refused(expr in any_expression(), data in data()) {
        // Subqueries with fine steps over long ranges run into it.
        let budget = Budget::new("limits.query_memory", 4 << 20);
        let options = EvalOptions::new("", &budget);
        let _ = eval_instant(&expr, 100_000, &data, &options);
        let _ = eval_range(&expr, 0, 200_000, 17_000, &data, &options);
        prop_assert_eq!(budget.used_bytes(), 0, "all memory is given back");
    }
}

/// A few series named `m`, with gaps, resets, NaN, infinities and staleness markers.
fn data() -> impl Strategy<Value = Memory> {
    let value =
        prop_oneof![6 => 0.0..100.0_f64, 2 => -10.0..10.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(stale_nan())];
    let samples = prop::collection::btree_map(-300_000_i64..300_000, value, 0..60);
    prop::collection::vec(samples, 1..4).prop_map(|all| {
        let series = all.into_iter().enumerate().map(|(i, samples)| {
            let labels = Labels::from_pairs([("__name__", "m"), ("i", &i.to_string()), ("g", if i == 0 { "a" } else { "b" })]);
            (labels, samples.into_iter().collect())
        });
        Memory { series: series.collect(), ..Memory::default() }
    })
}

/// What a query gives: labels with (time, value) pairs.
fn rows(output: QueryOutput) -> Vec<Row> {
    let mut rows: Vec<Row> = match output.value {
        Value::Scalar(s) => vec![("{}".to_owned(), vec![(s.timestamp_ms, s.value)])],
        Value::String(..) => Vec::new(),
        Value::Vector(samples) => {
            samples.into_iter().map(|s| (s.labels.to_string(), vec![(s.sample.timestamp_ms, s.sample.value)])).collect()
        }
        Value::Matrix(series) => {
            series.into_iter().map(|s| (s.labels.to_string(), s.samples.iter().map(|x| (x.timestamp_ms, x.value)).collect())).collect()
        }
    };
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

fn same(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3)
}

/// One series' labels with its (time, value) pairs.
type Row = (String, Vec<(i64, f64)>);

/// What a naive function makes of the samples of a window that ends at a time.
type Apply<'a> = Box<dyn Fn(&[(i64, f64)], i64) -> Option<f64> + 'a>;

/// The windows of a naive evaluation: for each step the samples in `(t - range, t]`.
fn naive(data: &Memory, steps: &[i64], range_ms: i64, apply: &Apply<'_>) -> Vec<Row> {
    let mut rows: Vec<_> = data
        .series
        .iter()
        .map(|(labels, samples)| {
            let values = steps.iter().filter_map(|&t| {
                let window: Vec<(i64, f64)> =
                    samples.iter().copied().filter(|(at, v)| (t - range_ms + 1..=t).contains(at) && !phoenix_model::is_stale(*v)).collect();
                if window.is_empty() { None } else { apply(&window, t).map(|v| (t, v)) }
            });
            (labels.without_name().to_string(), values.collect::<Vec<_>>())
        })
        .filter(|(_, values)| !values.is_empty())
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

/// `rate`, straight from its description.
fn naive_rate(window: &[(i64, f64)], t: i64, range_ms: i64) -> Option<f64> {
    if window.len() < 2 {
        return None;
    }
    let (first, last) = (window[0], window[window.len() - 1]);
    let mut increase = last.1 - first.1;
    for pair in window.windows(2) {
        if pair[1].1 < pair[0].1 {
            increase += pair[0].1;
        }
    }
    let seconds = |ms: i64| ms as f64 / 1000.0;
    let sampled = seconds(last.0 - first.0);
    let gap = sampled / (window.len() - 1) as f64;
    let reach = |distance: f64| if distance >= gap * 1.1 { gap / 2.0 } else { distance };
    let mut before = reach(seconds(first.0 - (t - range_ms)));
    if increase > 0.0 && first.1 >= 0.0 {
        before = before.min(sampled * first.1 / increase);
    }
    Some(increase * (sampled + before + reach(seconds(t - last.0))) / sampled / seconds(range_ms))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Windows that slide give what windows read anew give, for ranges that overlap much or not at all.
    #[test]
    fn sliding_windows_agree_with_naive_ones(data in data(), range_ms in 1_000_i64..200_000, step_ms in 500_i64..50_000) {
        let steps: Vec<i64> = (0..40).map(|i| -100_000 + i * step_ms).collect();
        let values = |window: &[(i64, f64)]| window.iter().map(|(_, v)| *v).collect::<Vec<f64>>();
        let variance = |v: &[f64]| {
            let mean = v.iter().sum::<f64>() / v.len() as f64;
            v.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / v.len() as f64
        };
        let extreme = |v: &[f64], largest: bool| {
            v.iter().copied().filter(|x| !x.is_nan()).reduce(|a, b| if (b > a) == largest { b } else { a }).unwrap_or(f64::NAN)
        };
        let cases: Vec<(&str, Apply<'_>)> = vec![
            ("rate(m[R])", Box::new(|w, t| naive_rate(w, t, range_ms))),
            ("sum_over_time(m[R])", Box::new(|w, _| Some(values(w).iter().sum()))),
            ("avg_over_time(m[R])", Box::new(|w, _| Some(values(w).iter().sum::<f64>() / w.len() as f64))),
            ("min_over_time(m[R])", Box::new(|w, _| Some(extreme(&values(w), false)))),
            ("max_over_time(m[R])", Box::new(|w, _| Some(extreme(&values(w), true)))),
            ("count_over_time(m[R])", Box::new(|w, _| Some(w.len() as f64))),
            ("stdvar_over_time(m[R])", Box::new(|w, _| Some(variance(&values(w))))),
            ("quantile_over_time(0.3, m[R])", Box::new(|w, _| Some(phoenix_query::numeric::quantile(0.3, &mut values(w))))),
            ("resets(m[R])", Box::new(|w, _| Some(values(w).windows(2).filter(|p| p[1] < p[0]).count() as f64))),
            ("changes(m[R])", Box::new(|w, _| Some(values(w).windows(2).filter(|p| p[1] != p[0] && !(p[0].is_nan() && p[1].is_nan())).count() as f64))),
        ];
        let budget = Budget::unlimited();
        for (text, apply) in cases {
            let text = text.replace('R', &format!("{range_ms}ms"));
            let output = phoenix_promql::range(&text, steps[0], steps[39], step_ms, &data, &EvalOptions::new(&text, &budget)).unwrap();
            let (got, want) = (rows(output), naive(&data, &steps, range_ms, &apply));
            prop_assert_eq!(got.len(), want.len(), "{}\n{:?}\n{:?}", text, got, want);
            for (g, w) in got.iter().zip(&want) {
                let agrees = g.0 == w.0 && g.1.len() == w.1.len() && g.1.iter().zip(&w.1).all(|(a, b)| a.0 == b.0 && same(a.1, b.1));
                prop_assert!(agrees, "{}\ngot:  {:?}\nwant: {:?}", text, g, w);
            }
        }
    }

    /// A range query of one step is an instant query, and each step of a longer one is as well.
    #[test]
    fn ranges_are_instants_side_by_side(expr in expression(ValueType::Vector, 3), data in data(), step_ms in 1_000_i64..60_000) {
        // Only series named `m` exist; `start()` and `end()` mean other times in a range.
        let expr = renamed(expr);
        let budget = Budget::unlimited();
        let options = EvalOptions::new("", &budget);
        let Ok(whole) = eval_range(&expr, 0, 4 * step_ms, step_ms, &data, &options) else { return Ok(()) };
        let whole = rows(whole);
        for t in (0..5).map(|i| i * step_ms) {
            let Ok(instant) = eval_instant(&expr, t, &data, &options) else { return Ok(()) };
            let at: Vec<(String, f64)> =
                whole.iter().filter_map(|(labels, values)| values.iter().find(|(at, _)| *at == t).map(|(_, v)| (labels.clone(), *v))).collect();
            let instant: Vec<(String, f64)> = rows(instant).into_iter().map(|(labels, values)| (labels, values[0].1)).collect();
            let agrees = at.len() == instant.len() && at.iter().zip(&instant).all(|(a, b)| a.0 == b.0 && same(a.1, b.1));
            prop_assert!(agrees, "{} at {}\nrange:   {:?}\ninstant: {:?}", expr, t, at, instant);
        }
    }
}

/// Makes every selector read `m`, without `start()` and `end()`.
fn renamed(mut expr: Expr) -> Expr {
    let change = |selector: &mut Selector| {
        *selector = Selector {
            name: Some("m".to_owned()),
            matchers: vec![Matcher::equal("__name__", "m")],
            matcher_spans: Vec::new(),
            time: fixed(selector.time),
        };
    };
    match &mut expr.kind {
        ExprKind::Selector(selector) => change(selector),
        ExprKind::Range(range) => change(&mut range.selector),
        ExprKind::Subquery(subquery) => {
            subquery.time = fixed(subquery.time);
            // Fine steps over long ranges would only take time.
            subquery.step_ms = Some((subquery.range_ms / 20).max(7_000));
            subquery.range_ms = subquery.range_ms.min(200_000);
            subquery.expr = renamed(subquery.expr.clone());
        }
        ExprKind::Call(call) => call.args.iter_mut().for_each(|arg| *arg = renamed(arg.clone())),
        ExprKind::Aggregate(aggregate) => {
            aggregate.expr = renamed(aggregate.expr.clone());
            aggregate.param = aggregate.param.take().map(renamed);
        }
        ExprKind::Unary(_, inner) | ExprKind::Paren(inner) => **inner = renamed((**inner).clone()),
        ExprKind::Binary(binary) => {
            binary.lhs = renamed(binary.lhs.clone());
            binary.rhs = renamed(binary.rhs.clone());
        }
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Error => {}
    }
    expr
}

fn fixed(time: TimeShift) -> TimeShift {
    let at = time.at.map(|at| if let At::Time(ms) = at { At::Time(ms % 300_000) } else { At::Time(50_000) });
    TimeShift { at, offset_ms: time.offset_ms % 100_000 }
}
