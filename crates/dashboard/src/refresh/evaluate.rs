//! Evaluation of one query, whatever its language.

use super::{Ask, Body, Kind, Matrix};
use phoenix_engine::logs::LogRange;
use phoenix_engine::traces::{MetricsOutput, MetricsSeries, SearchRange, Static};
use phoenix_engine::{Language, LogsEngine, MetricsEngine, QueryError, QueryLimits, TracesEngine};
use phoenix_logql::LogValue;
use phoenix_model::logs::Direction;
use phoenix_model::traces::TraceId;
use phoenix_model::{Exemplar, Labels, Sample};
use phoenix_query::{ABSENT, Annotation, Column, Grid, MatrixSeries, QueryOutput, Value, VectorSample};
use std::sync::Arc;

const NS_PER_MS: i64 = 1_000_000;

/// Spans of each set that a search gives, as with Tempo.
const SPANS_PER_SET: usize = 3;

/// The most exemplars of a series of TraceQL's.
const MAX_EXEMPLARS: usize = 100;

/// How a value of TraceQL's is written as a label, which other APIs have in common.
pub type StaticText = fn(&Static) -> String;

/// The engines that queries go to.
#[derive(Clone)]
pub struct Engines {
    /// Metrics.
    pub metrics: Arc<dyn MetricsEngine>,
    /// Logs.
    pub logs: Arc<dyn LogsEngine>,
    /// Traces.
    pub traces: Arc<dyn TracesEngine>,
    /// Values of TraceQL as labels.
    pub text_of: StaticText,
}

/// Values at the steps of a grid, with what the evaluation noticed.
#[derive(Debug, Default)]
pub(super) struct Evaluation {
    pub columns: Vec<Column>,
    pub annotations: Vec<Annotation>,
}

/// A body with what the evaluation noticed.
pub(super) type Evaluated = Result<(Body, Vec<Annotation>), QueryError>;

impl Engines {
    /// Evaluates a query that is not a range of PromQL or of numbers of LogQL.
    pub(super) fn evaluate(&self, ask: &Ask, limits: &QueryLimits) -> Evaluated {
        match ask.language {
            Language::PromQl => self.promql(ask, limits),
            Language::LogQl => self.logql(ask, limits),
            Language::TraceQl => self.traceql(ask, limits),
        }
    }

    fn promql(&self, ask: &Ask, limits: &QueryLimits) -> Evaluated {
        match ask.kind {
            Kind::Instant => of_instant(self.metrics.instant(&ask.text, ask.to_ms, limits)?, ask.to_ms),
            Kind::Exemplars => {
                let expr = phoenix_promql::parse(&ask.text).into_result().map_err(QueryError::Parse)?;
                let found = phoenix_promql::analysis::selectors(&expr);
                let sets: Vec<_> = found.into_iter().map(|found| found.selector.matchers.clone()).collect();
                // Without a selector nothing is asked for, whereas no set at all would mean every series.
                let found = if sets.is_empty() { Vec::new() } else { self.metrics.exemplars(&sets, ask.from_ms, ask.to_ms)? };
                Ok((Body::Exemplars(found), Vec::new()))
            }
            _ => Err(unknown(ask)),
        }
    }

    fn logql(&self, ask: &Ask, limits: &QueryLimits) -> Evaluated {
        match ask.kind {
            Kind::Instant => {
                let at_ns = ask.to_ms.saturating_mul(NS_PER_MS);
                let output = self.logs.instant(&ask.text, at_ns, 1, Direction::Backward, limits)?;
                match output.value {
                    LogValue::Metric(output) => of_instant(output, ask.to_ms),
                    LogValue::Entries(entries) => Ok((Body::Logs(entries), Vec::new())),
                }
            }
            Kind::Logs => {
                let range = log_range(ask.from_ms, ask.to_ms, 1, ask.limit, ask.direction);
                match self.logs.range(&ask.text, &range, limits)?.value {
                    LogValue::Entries(entries) => Ok((Body::Logs(entries), Vec::new())),
                    LogValue::Metric(_) => Err(QueryError::Execution("this query gives numbers and no log lines".to_owned())),
                }
            }
            _ => Err(unknown(ask)),
        }
    }

    /// Evaluates PromQL, or numbers of LogQL, at the steps of a grid.
    pub(super) fn range(&self, ask: &Ask, grid: Grid, limits: &QueryLimits) -> Result<Evaluation, QueryError> {
        let output = if ask.language == Language::LogQl {
            let range = log_range(grid.start_ms, grid.end_ms(), grid.step_ms, 1, Direction::Backward);
            match self.logs.range(&ask.text, &range, limits)?.value {
                LogValue::Metric(output) => output,
                LogValue::Entries(_) => return Err(QueryError::Execution("this query gives log lines and no numbers".to_owned())),
            }
        } else {
            // `end()` in a query means the end that was asked for, which need not be a step.
            self.metrics.range(&ask.text, grid.start_ms, ask.to_ms.min(grid.end_ms() + grid.step_ms - 1), grid.step_ms, limits)?
        };
        let Value::Matrix(series) = output.value else {
            return Err(QueryError::Storage("a range query gave something other than a matrix; this is a bug in Phoenix".to_owned()));
        };
        Ok(Evaluation { columns: columns(series, grid, limits)?, annotations: output.annotations })
    }

    fn traceql(&self, ask: &Ask, limits: &QueryLimits) -> Evaluated {
        let (start_ns, end_ns) = (ask.from_ms.saturating_mul(NS_PER_MS), ask.to_ms.saturating_mul(NS_PER_MS));
        let step_ns = ask.step_ms.saturating_mul(NS_PER_MS);
        let body = match ask.kind {
            Kind::Trace => {
                let id = TraceId::from_hex(&ask.text).ok_or_else(|| {
                    QueryError::Execution(format!("`{}` is not the id of a trace: it has up to 32 hexadecimal digits", ask.text))
                })?;
                let trace = self.traces.trace(id, Some((start_ns, end_ns)), limits)?;
                if trace.is_empty() {
                    return Err(QueryError::Execution(format!("there is no trace `{}`", ask.text)));
                }
                Body::Trace(trace)
            }
            Kind::Traces => {
                let range = SearchRange { start_ns, end_ns, limit: ask.limit, spans_per_set: SPANS_PER_SET };
                Body::Traces(self.traces.search(&ask.text, &range, limits)?)
            }
            Kind::Instant => {
                let output = self.traces.metrics_instant(&ask.text, start_ns, end_ns, limits)?;
                let series = output.series.iter().filter_map(|series| {
                    let (_, value) = *series.samples.last()?;
                    Some(VectorSample::float(self.labels_of(series), Sample { timestamp_ms: ask.to_ms, value }))
                });
                Body::Vector { time_ms: ask.to_ms, series: series.collect() }
            }
            Kind::Exemplars => {
                let output = self.traces.metrics_range(&ask.text, start_ns, end_ns, step_ns, MAX_EXEMPLARS, limits)?;
                Body::Exemplars(output.series.iter().map(|series| self.exemplars_of(series)).collect())
            }
            Kind::Range => {
                let output = self.traces.metrics_range(&ask.text, start_ns, end_ns, step_ns, 0, limits)?;
                Body::Matrix(self.trace_matrix(ask, &output, limits)?)
            }
            Kind::Logs => return Err(unknown(ask)),
        };
        Ok((body, Vec::new()))
    }

    /// Tempo's samples stand at whole multiples of the step, those around the range included.
    fn trace_matrix(&self, ask: &Ask, output: &MetricsOutput, limits: &QueryLimits) -> Result<Matrix, QueryError> {
        let first_ms = ask.from_ms.div_euclid(ask.step_ms) * ask.step_ms;
        let last_ms = (ask.to_ms + ask.step_ms - 1).div_euclid(ask.step_ms) * ask.step_ms;
        let grid = Grid::range(first_ms, last_ms, ask.step_ms);
        let series = output.series.iter().map(|series| {
            let samples = series.samples.iter().map(|&(timestamp_ms, value)| Sample { timestamp_ms, value });
            MatrixSeries::floats(self.labels_of(series), samples.collect())
        });
        Ok(Matrix::computed(grid, columns(series.collect(), grid, limits)?))
    }

    /// Labels under TraceQL's names, such as `resource.service.name`, which is what legends name.
    fn labels_of(&self, series: &MetricsSeries) -> Labels {
        let text = |value: &Static| if *value == Static::Nil { "nil".to_owned() } else { (self.text_of)(value) };
        Labels::from_pairs(series.labels.iter().map(|(name, value)| (name.to_string(), text(value))))
    }

    fn exemplars_of(&self, series: &MetricsSeries) -> (Labels, Vec<Exemplar>) {
        let exemplars = series.exemplars.iter().map(|exemplar| {
            let mut labels =
                Labels::from_pairs(exemplar.labels.iter().map(|(name, value)| (name.to_string(), (self.text_of)(value)))).to_builder();
            labels.set("trace_id", &exemplar.trace_id.to_string());
            labels.set("span_id", &exemplar.span_id.to_string());
            Exemplar { labels: labels.build(), value: exemplar.value, timestamp_ms: exemplar.timestamp_ms }
        });
        (self.labels_of(series), exemplars.collect())
    }
}

/// Whoever plans refuses it.
fn unknown(ask: &Ask) -> QueryError {
    QueryError::Storage(format!("{} has no queries of this kind; this is a bug in Phoenix", ask.language))
}

fn log_range(start_ms: i64, end_ms: i64, step_ms: i64, limit: usize, direction: Direction) -> LogRange {
    LogRange {
        start_ns: start_ms.saturating_mul(NS_PER_MS),
        end_ns: end_ms.saturating_mul(NS_PER_MS),
        step_ns: step_ms.saturating_mul(NS_PER_MS),
        interval_ns: 0,
        limit,
        direction,
    }
}

/// The answer of PromQL and LogQL at one moment.
fn of_instant(output: QueryOutput, at_ms: i64) -> Evaluated {
    let body = match output.value {
        Value::Vector(series) => Body::Vector { time_ms: at_ms, series },
        Value::Scalar(sample) => Body::Scalar(sample),
        Value::String(sample, text) => Body::Text { time_ms: sample.timestamp_ms, text },
        Value::Matrix(_) => {
            return Err(QueryError::Execution(
                "a range of samples has no place in a panel: take a function of it, such as `last_over_time(…)`".to_owned(),
            ));
        }
    };
    Ok((body, output.annotations))
}

/// Series as columns over a grid. They are as long as the range even where they have few values, so
/// they are charged.
fn columns(series: Vec<MatrixSeries>, grid: Grid, limits: &QueryLimits) -> Result<Vec<Column>, QueryError> {
    let bytes = series.len().saturating_mul(grid.steps.saturating_mul(8)) as u64;
    let _charge = limits.budget.charge(bytes).map_err(|error| QueryError::Limit(error.to_string()))?;
    let step_of = |timestamp_ms: i64| {
        let since = timestamp_ms - grid.start_ms;
        let step = usize::try_from(since / grid.step_ms).ok().filter(|step| since % grid.step_ms == 0 && *step < grid.steps);
        step.ok_or_else(|| QueryError::Storage(format!("a value at {timestamp_ms} lies at no step of the range; this is a bug in Phoenix")))
    };
    let mut columns = Vec::with_capacity(series.len());
    for series in series {
        let mut values = vec![ABSENT; grid.steps];
        for sample in &series.samples {
            values[step_of(sample.timestamp_ms)?] = sample.value;
        }
        let histograms = series.histograms.into_iter().map(|(timestamp_ms, histogram)| Ok((step_of(timestamp_ms)?, histogram)));
        columns.push(Column { labels: series.labels, values, histograms: histograms.collect::<Result<_, QueryError>>()? });
    }
    Ok(columns)
}
