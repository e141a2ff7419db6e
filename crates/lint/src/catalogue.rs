//! The built-in catalogue: metrics of common exporters with their types, units and labels.

use crate::facts::{Kind, Metric, Part, parts};
use crate::finding::RestsOn;
use std::collections::HashMap;

/// The files, by exporter.
const FILES: [(&str, &str); 1] = [("scrape", include_str!("../catalogue/scrape.tsv"))];

/// What the catalogue says about a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the endings of a histogram's or summary's parts.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its unit; `-` for none.
    pub unit: &'static str,
    /// Its labels without those of the target, apart by commas; `-` for none.
    pub labels: &'static str,
    /// The exporter and version that it was seen at, or `documentation`.
    pub from: &'static str,
    /// The name of the catalogue's file.
    pub exporter: &'static str,
}

impl Entry {
    fn parse(exporter: &'static str, line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (name, kind) = (fields.next()?, Kind::from_name(fields.next()?)?);
        let (unit, labels, from) = (fields.next()?, fields.next()?, fields.next()?);
        fields.next().is_none().then_some(Self { name, kind, unit, labels, from, exporter })
    }

    /// Its labels.
    pub fn label_names(&self) -> impl Iterator<Item = &'static str> {
        self.labels.split(',').filter(|label| !matches!(*label, "-" | "*" | ""))
    }

    /// Whether it may have more labels.
    pub fn is_open(&self) -> bool {
        self.labels.split(',').any(|label| label == "*")
    }
}

/// The catalogue.
#[derive(Debug)]
pub struct Catalogue {
    entries: HashMap<&'static str, Entry>,
}

impl Catalogue {
    /// The catalogue that the program carries.
    pub fn built_in() -> Self {
        let lines = FILES.into_iter().flat_map(|(exporter, text)| text.lines().map(move |line| (exporter, line)));
        let entries = lines.filter_map(|(exporter, line)| Entry::parse(exporter, line)).map(|entry| (entry.name, entry));
        Self { entries: entries.collect() }
    }

    /// The entry of exactly this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// All entries, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// What is known about the series of a name, which may be that of a histogram's or summary's part.
    pub fn metric(&self, name: &str) -> Option<Metric> {
        let of = |base: &str, part: Part| {
            let entry = self.get(base)?;
            let has_parts = matches!(entry.kind, Kind::Histogram | Kind::Summary);
            if part != Part::Whole && !has_parts || part == Part::Bucket && entry.kind != Kind::Histogram {
                return None;
            }
            let mut labels: Vec<String> = entry.label_names().map(str::to_owned).collect();
            match (part, entry.kind) {
                (Part::Bucket, _) => labels.push("le".to_owned()),
                (Part::Whole, Kind::Summary) => labels.push("quantile".to_owned()),
                _ => {}
            }
            let unit = Some(entry.unit.to_owned()).filter(|unit| unit != "-" && part != Part::Count && part != Part::Bucket);
            let from = format!("{} ({})", entry.exporter, entry.from);
            Some(Metric { kind: entry.kind, part, unit, labels: Some(labels), open: entry.is_open(), rests_on: RestsOn::Catalogue, from })
        };
        of(name, Part::Whole).or_else(|| parts(name).find_map(|(base, part)| of(base, part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_line_is_well_formed_and_every_name_stands_once() {
        let mut names = HashSet::new();
        for (exporter, text) in FILES {
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let entry = Entry::parse(exporter, line).unwrap_or_else(|| panic!("{exporter}: {line:?}"));
                assert!(names.insert(entry.name), "{exporter}: {} stands twice", entry.name);
            }
        }
    }
}
