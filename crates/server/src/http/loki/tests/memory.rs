//! A store of logs in a list, for tests of the API.

use parking_lot::Mutex;
use phoenix_engine::logs::{
    DeleteRequest, DeleteStatus, DetectedField, IndexStats, LogRange, LogScope, LogWriteOutcome, PatternCounts, TailGuard, TailSink,
};
use phoenix_engine::{LogsEngine, QueryError, QueryLimits, WriteError};
use phoenix_logql::ast::{BinaryOp, ExprKind, LogExpr, StageKind};
use phoenix_logql::{Expr, LogEntry, LogOutput, LogValue};
use phoenix_model::logs::{DETECTED_LEVEL, Direction, Level, LogWrite, ReadStats, Stream, StreamCounts};
use phoenix_model::{Labels, Matcher, Sample};
use phoenix_query::{MatrixSeries, QueryOutput, Value, VectorSample};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

struct Stored {
    entry: LogEntry,
    level: Level,
}

type Tails = Arc<Mutex<Vec<(u64, LogExpr, TailSink)>>>;

#[derive(Default)]
pub(crate) struct MemoryLogs {
    stored: Mutex<Vec<Stored>>,
    tails: Tails,
    deletes: Mutex<Vec<DeleteStatus>>,
    /// Whether it takes nothing at the moment.
    pub busy: AtomicBool,
}

fn matches(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|m| m.matches_labels(labels))
}

fn passes(logs: &LogExpr, entry: &LogEntry) -> bool {
    matches(&logs.matchers, &entry.stream)
        && logs.stages.iter().all(|stage| match &stage.kind {
            StageKind::LineFilter(_) => entry.line.contains("GET"),
            _ => true,
        })
}

fn parsed(query: &str) -> Result<Expr, QueryError> {
    phoenix_logql::parse(query).into_result().map_err(QueryError::Parse)
}

fn logs(query: &str) -> Result<LogExpr, QueryError> {
    phoenix_logql::parse_log(query).map_err(QueryError::Parse)
}

/// Constants and their sums; that is all that the tests of the API ask.
fn number(expr: &Expr) -> Result<f64, QueryError> {
    match &expr.kind {
        ExprKind::Vector(n) => Ok(*n),
        ExprKind::Paren(inner) => number(inner),
        ExprKind::Binary(binary) if binary.op == BinaryOp::Add => Ok(number(&binary.lhs)? + number(&binary.rhs)?),
        _ => Err(QueryError::Limit("maximum of series (5000) reached for a single query".to_owned())),
    }
}

impl MemoryLogs {
    /// All entries in the order of writing, as text.
    pub(crate) fn dump(&self) -> String {
        let line = |s: &Stored| format!("{} {} {} {:?}\n", s.entry.timestamp_ns, s.entry.stream, s.entry.metadata, s.entry.line);
        self.stored.lock().iter().map(line).collect()
    }

    fn streams(&self, scope: &LogScope<'_>) -> BTreeSet<Labels> {
        let stored = self.stored.lock();
        let streams = stored.iter().map(|s| &s.entry).filter(|e| (scope.start_ns..scope.end_ns).contains(&e.timestamp_ns));
        streams.map(|e| e.stream.clone()).filter(|l| scope.sets.is_empty() || scope.sets.iter().any(|set| matches(set, l))).collect()
    }
}

impl LogsEngine for MemoryLogs {
    fn instant(&self, query: &str, at_ns: i64, _: usize, _: Direction, _: &QueryLimits) -> Result<LogOutput, QueryError> {
        let sample = Sample { timestamp_ms: at_ns / 1_000_000, value: number(&parsed(query)?)? };
        let value = Value::Vector(vec![VectorSample::float(Labels::empty(), sample)]);
        Ok(LogOutput { value: LogValue::Metric(QueryOutput { value, annotations: vec![] }), stats: ReadStats::default() })
    }

    fn range(&self, query: &str, range: &LogRange, _: &QueryLimits) -> Result<LogOutput, QueryError> {
        let expr = parsed(query)?;
        let Ok(logs) = logs(query) else {
            let value = number(&expr)?;
            let mut samples = Vec::new();
            let mut at = range.start_ns;
            while at <= range.end_ns {
                samples.push(Sample { timestamp_ms: at / 1_000_000, value });
                at += range.step_ns;
            }
            let value = Value::Matrix(vec![MatrixSeries::floats(Labels::empty(), samples)]);
            return Ok(LogOutput { value: LogValue::Metric(QueryOutput { value, annotations: vec![] }), stats: ReadStats::default() });
        };
        let stored = self.stored.lock();
        let mut entries: Vec<LogEntry> = stored
            .iter()
            .map(|s| &s.entry)
            .filter(|e| (range.start_ns..range.end_ns).contains(&e.timestamp_ns) && passes(&logs, e))
            .cloned()
            .collect();
        let bytes: usize = stored.iter().map(|s| s.entry.line.len()).sum();
        entries.sort_by_key(|e| e.timestamp_ns);
        if range.direction == Direction::Backward {
            entries.reverse();
        }
        entries.truncate(range.limit);
        let stats = ReadStats {
            lines: stored.len() as u64,
            bytes: bytes as u64,
            passed: entries.len() as u64,
            pages_read: 1,
            ..ReadStats::default()
        };
        Ok(LogOutput { value: LogValue::Entries(entries), stats })
    }

    fn series(&self, scope: &LogScope<'_>, limit: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        let found = self.streams(scope);
        let cut = found.len() > limit;
        Ok((found.into_iter().take(limit).collect(), cut))
    }

    fn label_names(&self, scope: &LogScope<'_>, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        let streams = self.streams(scope);
        let names: BTreeSet<&str> = streams.iter().flat_map(|l| l.iter().map(|(name, _)| name)).collect();
        Ok((names.into_iter().map(str::to_owned).collect(), false))
    }

    fn label_values(&self, name: &str, scope: &LogScope<'_>, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        let streams = self.streams(scope);
        let values: BTreeSet<&str> = streams.iter().filter_map(|l| l.get(name)).collect();
        Ok((values.into_iter().map(str::to_owned).collect(), false))
    }

    fn index_stats(&self, matchers: &[Matcher], start_ns: i64, end_ns: i64, limits: &QueryLimits) -> Result<IndexStats, QueryError> {
        let counts = self.counts(matchers, &[start_ns, end_ns], limits)?;
        let sum = |pick: fn(&(u64, u64)) -> u64| counts.iter().flat_map(|c| &c.counts).map(pick).sum();
        Ok(IndexStats { streams: counts.len() as u64, chunks: 1, entries: sum(|c| c.0), bytes: sum(|c| c.1) })
    }

    fn counts(&self, matchers: &[Matcher], edges_ns: &[i64], _: &QueryLimits) -> Result<Vec<StreamCounts>, QueryError> {
        let stored = self.stored.lock();
        let labels: BTreeSet<Labels> = stored.iter().map(|s| s.entry.stream.clone()).filter(|l| matches(matchers, l)).collect();
        let of_stream = |labels: Labels| {
            let within = |edges: &[i64]| {
                let inside = stored.iter().filter(|s| s.entry.stream == labels && (edges[0]..edges[1]).contains(&s.entry.timestamp_ns));
                inside.fold((0, 0), |(n, bytes), s| (n + 1, bytes + s.entry.line.len() as u64))
            };
            let counts = edges_ns.windows(2).map(within).collect();
            StreamCounts { stream: Arc::new(Stream { labels: labels.clone() }), level: Level::Absent, counts }
        };
        Ok(labels.into_iter().map(of_stream).collect())
    }

    fn patterns(&self, _: &str, start_ns: i64, _: i64, step_ns: i64, _: &QueryLimits) -> Result<Vec<PatternCounts>, QueryError> {
        let samples = vec![(start_ns, 2), (start_ns + step_ns, 1)];
        Ok(vec![PatternCounts { pattern: "GET <_>".to_owned(), level: Level::Info, samples }])
    }

    fn detected_fields(
        &self,
        _: &str,
        range: &LogRange,
        lines: usize,
        values: usize,
        _: &QueryLimits,
    ) -> Result<(Vec<DetectedField>, ReadStats), QueryError> {
        assert_eq!(range.limit, lines);
        let field = |name: &str, parsers: &[&'static str], path: &[&str]| DetectedField {
            name: name.to_owned(),
            kind: "int",
            cardinality: 2,
            parsers: parsers.to_vec(),
            json_path: path.iter().map(|p| (*p).to_owned()).collect(),
            values: ["200", "500"].iter().take(values).map(|v| (*v).to_owned()).collect(),
        };
        Ok((vec![field("status", &["json"], &["http", "status"]), field("trace_id", &[], &[])], ReadStats::default()))
    }

    fn tail(&self, query: &str, sink: TailSink) -> Result<TailGuard, QueryError> {
        let logs = logs(query)?;
        let mut tails = self.tails.lock();
        let id = tails.last().map_or(0, |(id, _, _)| id + 1);
        tails.push((id, logs, sink));
        let ended = Ended { id, tails: Arc::clone(&self.tails) };
        Ok(TailGuard::new(ended))
    }

    fn write(&self, write: &LogWrite) -> Result<LogWriteOutcome, WriteError> {
        if self.busy.load(Ordering::Relaxed) {
            return Err(WriteError::Busy("memory is full".to_owned()));
        }
        let mut stored = 0;
        for (labels, entries) in write.streams() {
            for entry in entries {
                let mut metadata = entry.metadata.to_labels().to_builder();
                metadata.set(DETECTED_LEVEL, entry.level.as_str());
                let entry_out = LogEntry {
                    timestamp_ns: entry.timestamp_ns,
                    line: entry.line.to_owned(),
                    stream: labels.clone(),
                    metadata: metadata.build(),
                    parsed: Labels::empty(),
                };
                for (_, logs, sink) in &mut *self.tails.lock() {
                    if passes(logs, &entry_out) {
                        sink(entry_out.clone());
                    }
                }
                self.stored.lock().push(Stored { entry: entry_out, level: entry.level });
                stored += 1;
            }
        }
        Ok(LogWriteOutcome { stored, too_old: 0 })
    }

    fn delete(&self, request: &DeleteRequest) -> Result<String, QueryError> {
        let mut deletes = self.deletes.lock();
        let id = (deletes.len() + 1).to_string();
        deletes.push(DeleteStatus {
            id: id.clone(),
            query: request.query.clone(),
            start_ns: request.start_ns,
            end_ns: request.end_ns,
            created_ms: 1_700_000_000_000,
            processed: false,
        });
        Ok(id)
    }

    fn deletes(&self) -> Result<Vec<DeleteStatus>, QueryError> {
        Ok(self.deletes.lock().clone())
    }

    fn cancel_delete(&self, id: &str) -> Result<bool, QueryError> {
        let mut deletes = self.deletes.lock();
        let before = deletes.len();
        deletes.retain(|d| d.id != id);
        Ok(deletes.len() < before)
    }

    fn active_streams(&self) -> u64 {
        let stored = self.stored.lock();
        stored.iter().filter(|s| s.level >= Level::Absent).map(|s| &s.entry.stream).collect::<BTreeSet<_>>().len() as u64
    }
}

struct Ended {
    id: u64,
    tails: Tails,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.tails.lock().retain(|(id, _, _)| *id != self.id);
    }
}
