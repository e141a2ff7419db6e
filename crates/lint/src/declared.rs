//! What source code of a project says about the metrics that it exports.

use crate::facts::{Kind, Metric, Part, parts, unit_by_name};
use crate::finding::RestsOn;
use crate::project::{Declared, File, Project};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Metrics by name. Of several declarations of a name the labels are those of all.
#[derive(Debug, Default)]
pub(crate) struct DeclaredMetrics(HashMap<String, Metric>);

impl DeclaredMetrics {
    pub(crate) fn of(project: &Project) -> Self {
        let mut found: HashMap<String, Metric> = HashMap::new();
        for file in &project.files {
            for declared in &file.declared {
                let metric = whole(file, declared);
                match found.entry(declared.name.clone()) {
                    Entry::Vacant(free) => {
                        free.insert(metric);
                    }
                    Entry::Occupied(mut known) => {
                        let known = known.get_mut();
                        known.open |= metric.open;
                        known.labels = known.labels.take().zip(metric.labels).map(|(mut all, more)| {
                            let new: Vec<String> = more.into_iter().filter(|label| !all.contains(label)).collect();
                            all.extend(new);
                            all
                        });
                    }
                }
            }
        }
        Self(found)
    }

    /// What is known about the series of a name, which may be that of a histogram's or summary's part.
    pub(crate) fn metric(&self, name: &str) -> Option<Metric> {
        if let Some(metric) = self.0.get(name) {
            return Some(metric.clone());
        }
        let (metric, part) = parts(name).find_map(|(base, part)| Some((self.0.get(base)?, part)))?;
        let has = match part {
            Part::Bucket => metric.kind == Kind::Histogram,
            _ => matches!(metric.kind, Kind::Histogram | Kind::Summary),
        };
        // What tells the quantiles of a summary apart is not on its parts, and numbers of events have no unit.
        let mut labels = metric.labels.clone();
        if let Some(labels) = &mut labels {
            labels.retain(|label| label != "quantile");
            labels.extend((part == Part::Bucket).then(|| "le".to_owned()));
        }
        let unit = metric.unit.clone().filter(|_| part == Part::Sum);
        has.then(|| Metric { part, unit, labels, ..metric.clone() })
    }
}

fn whole(file: &File, declared: &Declared) -> Metric {
    let mut labels: Option<Vec<String>> = declared.labels.as_ref().map(|labels| labels.iter().map(|(label, _)| label.clone()).collect());
    if let Some(labels) = labels.as_mut().filter(|_| declared.kind == Kind::Summary) {
        labels.push("quantile".to_owned());
    }
    Metric {
        kind: declared.kind,
        part: Part::Whole,
        unit: unit_by_name(&declared.name),
        labels,
        // Whoever registers it may add labels to all.
        open: file.source.text.contains("WrapRegistererWith"),
        rests_on: RestsOn::Project,
        from: file.source.name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Source;

    #[test]
    fn metrics_and_their_parts() {
        let text = "import \"github.com/prometheus/client_golang/prometheus\"\nvar (\n\
            a = prometheus.NewCounterVec(prometheus.CounterOpts{Name: \"a_total\"}, []string{\"x\"})\n\
            a2 = prometheus.NewCounterVec(prometheus.CounterOpts{Name: \"a_total\"}, []string{\"x\", \"y\"})\n\
            h = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: \"h_seconds\"}, []string{\"x\"})\n\
            s = prometheus.NewSummary(prometheus.SummaryOpts{Name: \"s_bytes\"})\n\
            g = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: \"g\"}, labels)\n)\n";
        let metrics = DeclaredMetrics::of(&Project::of(vec![Source::new("a.go", text)]));
        for (name, want) in [
            ("a_total", "counter - x,y"),
            ("h_seconds", "histogram seconds x"),
            ("h_seconds_bucket", "histogram - x,le"),
            ("h_seconds_sum", "histogram seconds x"),
            ("h_seconds_count", "histogram - x"),
            ("s_bytes", "summary bytes quantile"),
            ("s_bytes_sum", "summary bytes "),
            ("s_bytes_bucket", "nothing"),
            ("g", "gauge - ?"),
            ("g_count", "nothing"),
            ("b", "nothing"),
        ] {
            let shown = metrics.metric(name).map(|metric| {
                let labels = metric.labels.map_or_else(|| "?".to_owned(), |labels| labels.join(","));
                format!("{} {} {labels}", metric.kind.as_str(), metric.unit.as_deref().unwrap_or("-"))
            });
            assert_eq!(shown.as_deref().unwrap_or("nothing"), want, "{name}");
        }
    }
}
