//! Why a template could not be read or rendered.

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template: {}: {message}", place(.template, *.line, *.column))]
pub struct TemplateError {
    /// The name the template was given, usually a file, a setting or a rule.
    pub template: String,
    /// The line in the template's own text, from 1; 0 when the place is not known.
    pub line: usize,
    /// The column in characters, from 1; 0 when the place is not known.
    pub column: usize,
    /// What is wrong, without the place.
    pub message: String,
}

fn place(template: &str, line: usize, column: usize) -> String {
    if line == 0 { template.to_owned() } else { format!("{template}:{line}:{column}") }
}

impl TemplateError {
    pub(crate) fn at(template: &str, (line, column): (usize, usize), message: impl Into<String>) -> Self {
        Self { template: template.to_owned(), line, column, message: message.into() }
    }

    /// Takes the position out of an error of the parser.
    pub(crate) fn from_parser(template: &str, error: gotmpl::TemplateError) -> Self {
        use gotmpl::TemplateError as E;
        match error {
            E::Parse { line, col, message, .. } | E::Lex { line, col, message, .. } => Self::at(template, (line, col), message),
            other => Self::at(template, (0, 0), other.to_string()),
        }
    }
}
