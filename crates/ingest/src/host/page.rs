//! Writing the text format.

use std::fmt::Write;

/// A page under construction. A family is begun, then its samples follow.
pub(super) struct Page<'a> {
    out: &'a mut String,
    family: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut String) -> Self {
        Self { out, family: String::new() }
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str) {
        self.begin(name, "gauge", help);
    }

    pub(super) fn counter(&mut self, name: &str, help: &str) {
        self.begin(name, "counter", help);
    }

    /// For values of which the kernel does not say what they are.
    pub(super) fn untyped(&mut self, name: &str, help: &str) {
        self.begin(name, "untyped", help);
    }

    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        name.clone_into(&mut self.family);
        // Writing to a string can't fail.
        let _ = write!(self.out, "# HELP {name} {}\n# TYPE {name} {kind}\n", help.replace('\\', "\\\\").replace('\n', "\\n"));
    }

    /// A sample of the family that was begun last.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        self.out.push_str(&self.family);
        for (i, (name, value)) in labels.iter().enumerate() {
            self.out.push(if i == 0 { '{' } else { ',' });
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.out, "{name}=\"{value}\"");
        }
        let _ = writeln!(self.out, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// A gauge with one sample.
    pub(super) fn one_gauge(&mut self, name: &str, help: &str, value: f64) {
        self.gauge(name, help);
        self.sample(&[], value);
    }

    /// A counter with one sample.
    pub(super) fn one_counter(&mut self, name: &str, help: &str, value: f64) {
        self.counter(name, help);
        self.sample(&[], value);
    }
}
