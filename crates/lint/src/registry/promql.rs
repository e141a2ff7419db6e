//! Rules about expressions.

use super::{RuleInfo, error, info, warning};

pub(super) static RULES: &[RuleInfo] = &[
    error(
        "promql/ratio-matches-itself",
        "A series is divided by itself",
        "Both sides match on all labels, so each series meets itself alone: the ratio is always 1, or there is none.",
    ),
    error(
        "promql/labels-never-match",
        "The two sides can never match",
        "Series meet only when the compared labels are equal, and one side has a label that the other surely lacks: the result is always empty.",
    ),
    error("promql/selector-impossible", "Matchers exclude each other", "No series can satisfy both, so nothing is ever found."),
    warning(
        "promql/pattern-in-equality",
        "A pattern is compared as a text",
        "`=` compares with exactly the text: no series has a label of that value.",
    ),
    info(
        "promql/regex-matches-all",
        "A pattern matches everything",
        "It takes away no series, also none without the label, and costs time.",
    ),
    info("promql/regex-without-pattern", "A regular expression is a plain text", "Equality says the same and is faster."),
    warning("promql/label-missing", "A metric has no such label", "No series of the metric has the label, so nothing is ever found."),
    warning("promql/unknown-metric", "Nothing exports this metric", "The expression is always empty, and an alert on it never fires."),
    warning(
        "promql/no-series",
        "The server has no such series",
        "The metric is there, but not with these labels: the expression is empty now.",
    ),
    warning(
        "promql/reads-much",
        "One evaluation reads very many samples",
        "It is paid at each interval of a rule and at each refresh of a dashboard, and takes time and memory from all others.",
    ),
    warning(
        "promql/cadvisor-duplicates",
        "Containers are counted more than once",
        "cAdvisor gives the sums of pods and nodes beside their containers, under the same name.",
    ),
    warning("promql/mixed-units", "Cores and bytes are added", "A label tells the units apart, and the aggregation takes it away."),
    info(
        "promql/misleading-metric",
        "A metric is not what its name suggests",
        "It moves for other reasons than the one that the alert is about.",
    ),
    info("promql/selector-without-matchers", "Everything in the cluster is read", "The answer holds what nobody asked for, at its cost."),
    warning(
        "promql/ratio-without-denominator",
        "One minus something per second",
        "A rate is not a share: with ten errors a second the result is -9.",
    ),
    info(
        "promql/absent-means-zero",
        "No errors is no answer",
        "A series of errors exists only after the first; until then the result is empty instead of whole.",
    ),
    warning(
        "promql/division-by-zero-limit",
        "A limit of 0 makes the ratio infinite",
        "Exporters give 0 for what has no limit, and everything divided by it is above each threshold.",
    ),
    info(
        "promql/threshold-per-series",
        "Each series alone is compared",
        "Spread over many series the same trouble stays below the threshold, and one small series is enough to go above.",
    ),
    error(
        "promql/quantile-out-of-range",
        "A quantile is not between 0 and 1",
        "Below 0 the answer is always negative infinity, above 1 always infinity.",
    ),
    error(
        "promql/quantile-without-le",
        "A quantile without, or apart by more than, its bounds",
        "The bounds of the buckets are in `le`; without them there is no quantile, and apart by other labels there are many.",
    ),
    warning("promql/quantile-without-buckets", "A quantile of what has no buckets", "Without buckets the result is always empty."),
    warning(
        "promql/quantile-without-rate",
        "A quantile of all time",
        "Buckets only grow: without a rate the quantile is that of everything since the process began, and hardly moves.",
    ),
    warning(
        "promql/quantile-averaged",
        "A mean of quantiles",
        "The mean of quantiles is no quantile of anything: a quiet instance weighs as much as a busy one.",
    ),
    warning(
        "promql/histogram-without-suffix",
        "A histogram without its part",
        "A classic histogram has series of its parts only; the name alone has none.",
    ),
    warning(
        "promql/rate-of-gauge",
        "A gauge is taken for a counter",
        "A rate takes each fall for a restart at 0 and adds the whole value as growth.",
    ),
    warning(
        "promql/counter-as-gauge",
        "A counter is taken for an amount",
        "It only grows until the process restarts, so it tells how long that has been up.",
    ),
    warning(
        "promql/counter-compared",
        "A counter is compared with a number",
        "Once past the number it stays there: the alert fires until the process restarts.",
    ),
    error(
        "promql/rate-against-counter",
        "A rate is compared with a total",
        "Growth per second and the sum of all growth differ by orders: the comparison is decided by how old the process is.",
    ),
    warning(
        "promql/rate-of-sum",
        "A rate of a sum",
        "When one of the series starts anew the sum falls, and the rate takes all of what is left for growth.",
    ),
    info("promql/counter-without-total", "A counter's name does not say so", "Tools and people take the name for a gauge."),
    info(
        "promql/percent-without-total",
        "Percent of nothing in particular",
        "Cores times 100 are percent of one core: nobody can tell from it how near the limit is.",
    ),
    info(
        "promql/label-mixes-populations",
        "Groups that differ by design are one",
        "A control group has nothing to show by design: in a mean it hides what the others achieve, and alone it falls short.",
    ),
    info(
        "promql/sum-counts-replicas",
        "What replicas say is added up",
        "Each replica says the same about the world, and the sum grows with their number.",
    ),
    info(
        "promql/topk-in-rule",
        "A rule gives the first few of many",
        "Which they are differs from evaluation to evaluation, so alerts and series come and go.",
    ),
    warning(
        "promql/nan-in-aggregate",
        "A quotient that may be no number is added",
        "0 divided by 0 is no number, and neither is whatever it is added to.",
    ),
    info("promql/recorded-already", "What is recorded is computed again", "It costs time twice, and the two may differ after a change."),
    info(
        "promql/recorded-in-other-group",
        "A recording reads another group's",
        "Groups run at their own times: what is read is up to one interval old.",
    ),
    warning(
        "promql/beyond-retention",
        "A query looks back further than what is kept",
        "There is nothing to read: the query is empty or too small.",
    ),
    info("promql/regex-anchored", "A regular expression is anchored twice", "Matchers are of the whole text: `^` and `$` say nothing."),
    warning(
        "promql/range-too-short",
        "A range holds too few samples",
        "A rate needs two samples in its range; with one there is no result, and the alert is silent.",
    ),
];
