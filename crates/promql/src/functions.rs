//! The functions of PromQL: names, arguments, results.

use crate::ast::ValueType::{self, Matrix, Scalar, String, Vector};

/// A function's signature.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// The name as written.
    pub name: &'static str,
    /// The types of its arguments; those beyond `required` may be left out.
    pub args: &'static [ValueType],
    /// How many arguments must be given.
    pub required: usize,
    /// Whether the last argument may be repeated.
    pub repeats: bool,
    /// The type of its value.
    pub returns: ValueType,
    /// Whether Prometheus has it behind a flag and may still change it.
    pub experimental: bool,
}

const fn function(name: &'static str, args: &'static [ValueType], required: usize, returns: ValueType) -> Function {
    Function { name, args, required, repeats: false, returns, experimental: false }
}

const fn repeating(name: &'static str, args: &'static [ValueType], required: usize) -> Function {
    Function { repeats: true, ..function(name, args, required, Vector) }
}

const fn experimental(name: &'static str, args: &'static [ValueType], required: usize) -> Function {
    Function { experimental: true, ..function(name, args, required, Vector) }
}

/// All functions, sorted by name.
pub static FUNCTIONS: &[Function] = &[
    function("abs", &[Vector], 1, Vector),
    function("absent", &[Vector], 1, Vector),
    function("absent_over_time", &[Matrix], 1, Vector),
    function("acos", &[Vector], 1, Vector),
    function("acosh", &[Vector], 1, Vector),
    function("asin", &[Vector], 1, Vector),
    function("asinh", &[Vector], 1, Vector),
    function("atan", &[Vector], 1, Vector),
    function("atanh", &[Vector], 1, Vector),
    function("avg_over_time", &[Matrix], 1, Vector),
    function("ceil", &[Vector], 1, Vector),
    function("changes", &[Matrix], 1, Vector),
    function("clamp", &[Vector, Scalar, Scalar], 3, Vector),
    function("clamp_max", &[Vector, Scalar], 2, Vector),
    function("clamp_min", &[Vector, Scalar], 2, Vector),
    function("cos", &[Vector], 1, Vector),
    function("cosh", &[Vector], 1, Vector),
    function("count_over_time", &[Matrix], 1, Vector),
    function("day_of_month", &[Vector], 0, Vector),
    function("day_of_week", &[Vector], 0, Vector),
    function("day_of_year", &[Vector], 0, Vector),
    function("days_in_month", &[Vector], 0, Vector),
    function("deg", &[Vector], 1, Vector),
    function("delta", &[Matrix], 1, Vector),
    function("deriv", &[Matrix], 1, Vector),
    experimental("double_exponential_smoothing", &[Matrix, Scalar, Scalar], 3),
    function("exp", &[Vector], 1, Vector),
    experimental("first_over_time", &[Matrix], 1),
    function("floor", &[Vector], 1, Vector),
    function("histogram_avg", &[Vector], 1, Vector),
    function("histogram_count", &[Vector], 1, Vector),
    function("histogram_fraction", &[Scalar, Scalar, Vector], 3, Vector),
    function("histogram_quantile", &[Scalar, Vector], 2, Vector),
    Function { experimental: true, ..repeating("histogram_quantiles", &[Vector, String, Scalar], 3) },
    function("histogram_stddev", &[Vector], 1, Vector),
    function("histogram_stdvar", &[Vector], 1, Vector),
    function("histogram_sum", &[Vector], 1, Vector),
    function("hour", &[Vector], 0, Vector),
    function("idelta", &[Matrix], 1, Vector),
    function("increase", &[Matrix], 1, Vector),
    function("irate", &[Matrix], 1, Vector),
    repeating("label_join", &[Vector, String, String, String], 3),
    function("label_replace", &[Vector, String, String, String, String], 5, Vector),
    function("last_over_time", &[Matrix], 1, Vector),
    function("ln", &[Vector], 1, Vector),
    function("log10", &[Vector], 1, Vector),
    function("log2", &[Vector], 1, Vector),
    experimental("mad_over_time", &[Matrix], 1),
    function("max_over_time", &[Matrix], 1, Vector),
    function("min_over_time", &[Matrix], 1, Vector),
    function("minute", &[Vector], 0, Vector),
    function("month", &[Vector], 0, Vector),
    function("pi", &[], 0, Scalar),
    function("predict_linear", &[Matrix, Scalar], 2, Vector),
    function("present_over_time", &[Matrix], 1, Vector),
    function("quantile_over_time", &[Scalar, Matrix], 2, Vector),
    function("rad", &[Vector], 1, Vector),
    function("rate", &[Matrix], 1, Vector),
    function("resets", &[Matrix], 1, Vector),
    function("round", &[Vector, Scalar], 1, Vector),
    function("scalar", &[Vector], 1, Scalar),
    function("sgn", &[Vector], 1, Vector),
    function("sin", &[Vector], 1, Vector),
    function("sinh", &[Vector], 1, Vector),
    function("sort", &[Vector], 1, Vector),
    Function { experimental: true, ..repeating("sort_by_label", &[Vector, String], 1) },
    Function { experimental: true, ..repeating("sort_by_label_desc", &[Vector, String], 1) },
    function("sort_desc", &[Vector], 1, Vector),
    function("sqrt", &[Vector], 1, Vector),
    function("stddev_over_time", &[Matrix], 1, Vector),
    function("stdvar_over_time", &[Matrix], 1, Vector),
    function("sum_over_time", &[Matrix], 1, Vector),
    function("tan", &[Vector], 1, Vector),
    function("tanh", &[Vector], 1, Vector),
    function("time", &[], 0, Scalar),
    function("timestamp", &[Vector], 1, Vector),
    experimental("ts_of_first_over_time", &[Matrix], 1),
    experimental("ts_of_last_over_time", &[Matrix], 1),
    experimental("ts_of_max_over_time", &[Matrix], 1),
    experimental("ts_of_min_over_time", &[Matrix], 1),
    function("vector", &[Scalar], 1, Vector),
    function("year", &[Vector], 0, Vector),
];

/// Finds a function by its exact name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok().map(|index| &FUNCTIONS[index])
}

/// The new name of a function that Prometheus has renamed.
pub fn renamed(name: &str) -> Option<&'static str> {
    (name == "holt_winters").then_some("double_exponential_smoothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(FUNCTIONS.is_sorted_by(|a, b| a.name < b.name), "find() searches by halves");
        assert!(FUNCTIONS.iter().all(|f| find(f.name) == Some(f)));
    }
}
