//! The two pipelines of an experiment, over the same samples of the host's processes.
//!
//! The baseline has series for each process. The candidate keeps those of the processes that count, and sums up the
//! others by the beginning of their name. Both have to tell the same totals.

mod processes;

pub(crate) use processes::{Process, cpu_seconds, read};

use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;

/// The metrics that each process, or group of processes, has: CPU time, memory and threads.
pub(crate) const METRICS: usize = 3;

/// What a series is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    Process(u32),
    Others(Box<str>),
}

/// The newest values of a subject: CPU ticks, pages of memory, threads.
type Values = [u64; METRICS];

/// How the candidate is spoilt, by a fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spoilt {
    /// It forgets what it should sum up.
    pub(crate) loses_others: bool,
    /// It sums up nothing.
    pub(crate) keeps_all: bool,
}

/// One pipeline as it runs.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    /// Every subject that it ever had series for: that is its cardinality.
    subjects: HashMap<Subject, Values>,
    /// What all values of the newest sample add up to.
    totals: Values,
    /// CPU time that it took, in seconds.
    pub(crate) cpu_seconds: f64,
}

impl Pipeline {
    /// The pipeline that aggregates nothing takes a sample.
    pub(crate) fn take_all(&mut self, sample: &[Process]) {
        self.timed(|pipeline| {
            for process in sample {
                pipeline.add(Subject::Process(process.pid), values(process));
            }
        });
    }

    /// The pipeline that keeps the `keep` processes with the most CPU time and memory takes a sample.
    pub(crate) fn take_top(&mut self, sample: &[Process], keep: usize, spoilt: Spoilt) {
        self.timed(|pipeline| {
            let mut order: Vec<&Process> = sample.iter().collect();
            order.sort_unstable_by_key(|process| (std::cmp::Reverse(process.cpu_ticks.saturating_add(process.memory_pages)), process.pid));
            let keep = if spoilt.keeps_all { order.len() } else { keep.min(order.len()) };
            let (top, others) = order.split_at(keep);
            for process in top {
                pipeline.add(Subject::Process(process.pid), values(process));
            }
            if !spoilt.loses_others {
                for process in others {
                    pipeline.add(Subject::Others(kind(&process.name).into()), values(process));
                }
            }
        });
    }

    fn timed(&mut self, take: impl FnOnce(&mut Self)) {
        let start = thread_seconds();
        self.subjects.values_mut().for_each(|values| *values = Values::default());
        self.totals = Values::default();
        take(self);
        self.cpu_seconds += thread_seconds() - start;
    }

    fn add(&mut self, subject: Subject, values: Values) {
        let sums = self.subjects.entry(subject).or_default();
        for ((sum, total), value) in sums.iter_mut().zip(&mut self.totals).zip(values) {
            *sum = sum.saturating_add(value);
            *total = total.saturating_add(value);
        }
    }

    /// How many series it made.
    pub(crate) fn series(&self) -> usize {
        self.subjects.len() * METRICS
    }

    /// The memory that it holds, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        let names = self.subjects.keys().map(|subject| if let Subject::Others(name) = subject { name.len() } else { 0 });
        self.subjects.capacity() * size_of::<(Subject, Values)>() + names.sum::<usize>()
    }

    /// Why this pipeline can't stand for `baseline`: its totals differ by more than a hundredth.
    pub(crate) fn lost_against(&self, baseline: &Self) -> Option<String> {
        let names = ["CPU time", "memory", "threads"];
        names.into_iter().zip(baseline.totals.into_iter().zip(self.totals)).find_map(|(name, (want, got))| {
            let off = want.abs_diff(got) as f64 / want.max(1) as f64;
            (off > 0.01).then(|| format!("the candidate's {name} is off by {:.1} %", off * 100.0))
        })
    }
}

/// The share of the baseline's series that the candidate saves, from 0 to 1.
pub(crate) fn reduction(baseline: &Pipeline, candidate: &Pipeline) -> f64 {
    let (before, after) = (baseline.series(), candidate.series());
    if before == 0 { 0.0 } else { before.saturating_sub(after) as f64 / before as f64 }
}

/// What many processes are called alike: `kworker/0:1-events` and `kworker/u8:2` are both `kworker`.
fn kind(name: &str) -> &str {
    let first = name.split(|c: char| c.is_ascii_digit() || "/:.-".contains(c)).next().unwrap_or_default();
    if first.is_empty() { name } else { first }
}

fn values(process: &Process) -> Values {
    [process.cpu_ticks, process.memory_pages, process.threads]
}

/// CPU time of this thread.
fn thread_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, name: &str, cpu_ticks: u64) -> Process {
        Process { pid, parent: 1, name: name.into(), cpu_ticks, memory_pages: 10, threads: 1 }
    }

    #[test]
    fn small_processes_become_one_and_the_totals_stay() {
        let sample: Vec<Process> = [(1, "init", 50), (2, "db", 900), (3, "worker", 5), (4, "worker", 6), (5, "worker", 7), (6, "sh", 1)]
            .map(|(pid, name, cpu)| process(pid, name, cpu))
            .into();
        for (keep, spoilt, series, ratio, lost) in [
            (2, Spoilt::default(), 12, 1.0 / 3.0, None),
            (0, Spoilt::default(), 12, 1.0 / 3.0, None),
            (100, Spoilt::default(), 18, 0.0, None),
            (2, Spoilt { keeps_all: true, ..Spoilt::default() }, 18, 0.0, None),
            (2, Spoilt { loses_others: true, ..Spoilt::default() }, 6, 2.0 / 3.0, Some("the candidate's CPU time is off by 2.0 %")),
        ] {
            let (mut baseline, mut candidate) = (Pipeline::default(), Pipeline::default());
            for _ in 0..3 {
                baseline.take_all(&sample);
                candidate.take_top(&sample, keep, spoilt);
            }
            assert_eq!((baseline.series(), candidate.series()), (18, series), "{keep} {spoilt:?}");
            assert!((reduction(&baseline, &candidate) - ratio).abs() < 1e-9);
            assert_eq!(candidate.lost_against(&baseline).as_deref(), lost);
        }
    }

    #[test]
    fn kinds_are_beginnings_of_names() {
        for (name, want) in
            [("kworker/0:1-events", "kworker"), ("postgres", "postgres"), ("node-exporter", "node"), ("7zip", "7zip"), ("", "")]
        {
            assert_eq!(kind(name), want);
        }
    }

    #[test]
    fn processes_that_come_and_go_cost_the_baseline_series() {
        let (mut baseline, mut candidate) = (Pipeline::default(), Pipeline::default());
        for round in 0..10 {
            let sample = [process(1, "db", 900), process(100 + round, "job", 1)];
            baseline.take_all(&sample);
            candidate.take_top(&sample, 1, Spoilt::default());
        }
        assert_eq!((baseline.series(), candidate.series()), (33, 6));
        assert_eq!(candidate.lost_against(&baseline), None, "only the newest sample is compared");
        assert!(baseline.memory_bytes() > candidate.memory_bytes() && baseline.cpu_seconds > 0.0);
    }
}
