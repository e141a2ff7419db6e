//! `by (…)` and `without (…)`.

use phoenix_model::{Labels, labels::METRIC_NAME};

/// Which labels of its members a group keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grouping {
    /// `without (…)` rather than `by (…)`.
    pub without: bool,
    /// The names as written.
    pub labels: Vec<String>,
}

impl Grouping {
    /// Whether a word begins a grouping.
    pub fn is_keyword(word: &str) -> bool {
        word.eq_ignore_ascii_case("by") || word.eq_ignore_ascii_case("without")
    }

    /// The labels of the group that a series belongs to. `without` removes the metric's name too.
    pub fn group_of(&self, series: &Labels) -> Labels {
        if self.without {
            series.filter(|name| name != METRIC_NAME && !self.names(name))
        } else if self.labels.is_empty() {
            Labels::empty()
        } else {
            series.filter(|name| self.names(name))
        }
    }

    fn names(&self, name: &str) -> bool {
        self.labels.iter().any(|label| label == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_right_labels() {
        let series = Labels::from_pairs([("__name__", "x"), ("a", "1"), ("b", "2")]);
        for (without, names, want) in [
            (false, vec![], "{}"),
            (false, vec!["a", "c"], "{a=\"1\"}"),
            (false, vec!["__name__"], "x"),
            (true, vec![], "{a=\"1\",b=\"2\"}"),
            (true, vec!["b"], "{a=\"1\"}"),
        ] {
            let grouping = Grouping { without, labels: names.into_iter().map(str::to_owned).collect() };
            assert_eq!(grouping.group_of(&series).to_string(), want, "{grouping:?}");
        }
    }
}
