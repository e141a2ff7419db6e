//! Diagnostics on a terminal: in colour where a person looks, plain where a program reads.

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity as MietteSeverity};
use phoenix_model::{Diagnostic, Severity};
use std::fmt;
use std::io::IsTerminal;

/// A finding as text.
pub(crate) fn diagnostic(diagnostic: &Diagnostic) -> String {
    if !std::io::stderr().is_terminal() || diagnostic.source.is_none() {
        return diagnostic.to_string();
    }
    let mut out = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode());
    match handler.render_report(&mut out, &Drawn::new(diagnostic)) {
        Ok(()) => out,
        Err(fmt::Error) => diagnostic.to_string(),
    }
}

/// Our diagnostic in the clothes that `miette` draws.
#[derive(Debug)]
struct Drawn<'a> {
    diagnostic: &'a Diagnostic,
    source: NamedSource<String>,
}

impl<'a> Drawn<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Self {
        let source = diagnostic
            .source
            .as_ref()
            .map_or_else(|| NamedSource::new("", String::new()), |source| NamedSource::new(&*source.name, source.text.to_string()));
        Self { diagnostic, source }
    }
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn severity(&self) -> Option<MietteSeverity> {
        Some(match self.diagnostic.severity {
            Severity::Info => MietteSeverity::Advice,
            Severity::Warning => MietteSeverity::Warning,
            Severity::Error => MietteSeverity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.diagnostic.span;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, span.start, (span.end - span.start).max(1)))))
    }
}
