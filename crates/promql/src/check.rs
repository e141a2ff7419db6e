//! Types: which expression fits where.

use crate::ast::ValueType::{self, Matrix, Scalar, Unknown, Vector};
use crate::ast::{Binary, Call, Cardinality, Expr, ExprKind};
use phoenix_model::{Diagnostic, Source, Span};

/// Checks an expression and everything in it.
pub(crate) fn check(expr: &Expr, source: &Source, diagnostics: &mut Vec<Diagnostic>) {
    let mut checker = Checker { source, diagnostics };
    expr.walk(&mut |node| checker.node(node));
}

struct Checker<'a> {
    source: &'a Source,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Checker<'_> {
    fn error(&mut self, span: Span, message: String) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::error(self.source, span, message));
        self.diagnostics.last_mut().expect("just pushed")
    }

    fn node(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Unary(_, inner) => {
                let found = inner.value_type();
                if !matches!(found, Scalar | Vector | Unknown) {
                    let name = api_name(found);
                    self.error(
                        expr.span,
                        format!("unary expression only allowed on expressions of type scalar or instant vector, got {name:?}"),
                    );
                }
            }
            ExprKind::Subquery(subquery) => {
                let found = subquery.expr.value_type();
                if !matches!(found, Vector | Unknown) {
                    self.error(subquery.expr.span, format!("subquery is only allowed on instant vector, got {found} instead"));
                }
            }
            ExprKind::Aggregate(aggregate) => {
                self.expect(&aggregate.expr, Vector, "aggregation expression");
                if let (Some(param), Some(wanted)) = (&aggregate.param, aggregate.op.param_type()) {
                    self.expect(param, wanted, "aggregation parameter");
                }
            }
            ExprKind::Call(call) => self.call(expr, call),
            ExprKind::Binary(binary) => self.binary(binary),
            _ => {}
        }
    }

    fn expect(&mut self, expr: &Expr, wanted: ValueType, context: &str) {
        let found = expr.value_type();
        if found == wanted || found == Unknown {
            return;
        }
        let diagnostic = self.error(expr.span, format!("expected type {wanted} in {context}, got {found}"));
        diagnostic.help = match (wanted, found) {
            (Matrix, Vector) => Some("add a range, such as `[5m]`".to_owned()),
            (Vector, Matrix) => Some("reduce the range first, for example with `rate(…)` or `last_over_time(…)`".to_owned()),
            (Vector, Scalar) => Some("`vector(…)` makes a vector of a scalar".to_owned()),
            (Scalar, Vector) => Some("`scalar(…)` makes a scalar of a vector with one element".to_owned()),
            _ => None,
        };
    }

    fn call(&mut self, expr: &Expr, call: &Call) {
        let function = call.function;
        let (name, given) = (function.name, call.args.len());
        let (least, most) = (function.required, function.args.len());
        let message = if least == most && !function.repeats {
            (given != most).then(|| format!("expected {most} argument(s) in call to {name:?}, got {given}"))
        } else if given < least {
            Some(format!("expected at least {least} argument(s) in call to {name:?}, got {given}"))
        } else {
            (given > most && !function.repeats).then(|| format!("expected at most {most} argument(s) in call to {name:?}, got {given}"))
        };
        if let Some(message) = message {
            self.error(expr.span, message);
        }
        for (index, arg) in call.args.iter().enumerate() {
            if let Some(wanted) = function.args.get(index).or(function.args.last().filter(|_| function.repeats)) {
                self.expect(arg, *wanted, &format!("call to function {name:?}"));
            }
        }
    }

    fn binary(&mut self, binary: &Binary) {
        let (left, right) = (binary.lhs.value_type(), binary.rhs.value_type());
        if left == Unknown || right == Unknown {
            return;
        }
        for side in [&binary.lhs, &binary.rhs] {
            if !matches!(side.value_type(), Scalar | Vector) {
                self.error(side.span, "binary expression must contain only scalar and instant vector types".to_owned());
                return;
            }
        }
        let span = binary.op_span;
        let both_vectors = left == Vector && right == Vector;
        if left == Scalar && right == Scalar && binary.op.is_comparison() && !binary.returns_bool {
            self.error(span, "comparisons between scalars must use BOOL modifier".to_owned()).help =
                Some(format!("write `{} bool`", binary.op));
        }
        if left == Scalar && right == Scalar && binary.op.is_trim() {
            self.error(span, format!("operator {:?} not allowed for Scalar operations", binary.op.as_str())).help =
                Some("it trims native histograms, so its left side is a vector".to_owned());
        }
        if !both_vectors && binary.op.is_set() {
            self.error(span, format!("set operator {:?} not allowed in binary scalar expression", binary.op.as_str()));
        } else if !both_vectors
            && (binary.matching.on || !binary.matching.labels.is_empty() || binary.matching.cardinality != Cardinality::OneToOne)
        {
            self.error(span, "vector matching only allowed between instant vectors".to_owned());
        }
    }
}

/// The name that Prometheus' API gives to a type.
pub(crate) fn api_name(value_type: ValueType) -> &'static str {
    match value_type {
        Scalar => "scalar",
        ValueType::String => "string",
        Vector => "vector",
        Matrix => "matrix",
        Unknown => "unknown",
    }
}
