//! Metrics that source in Go declares with Prometheus' client: what a service exports, said where it is exported.
//!
//! Only what is written out is read: names and labels in literals. What is put together while the program runs is left
//! out, and a metric whose labels cannot be told has none that are known.

use crate::facts::Kind;
use phoenix_model::{Source, Span};

/// A metric that a program declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its whole name.
    pub name: String,
    /// Where the name, or its last part, stands.
    pub name_span: Span,
    /// Its type.
    pub kind: Kind,
    /// Its labels with their places; `None` when they cannot be told.
    pub labels: Option<Vec<(String, Span)>>,
}

/// The longest file that is read, in bytes, and the most metrics of one.
const MAX_BYTES: usize = 4 << 20;
const MAX_METRICS: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    /// A literal without escapes.
    Text(&'a str),
    Sign(char),
    /// Anything else.
    Other,
}

/// All declarations of a file.
pub(super) fn declared(source: &Source) -> Vec<Declared> {
    if source.text.len() > MAX_BYTES || !source.text.contains("prometheus") {
        return Vec::new();
    }
    let tokens = tokens(&source.text);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        if found.len() == MAX_METRICS {
            break;
        }
        if let (Token::Word(word), _) = tokens[at]
            && let Some((kind, has_labels)) = constructor(word)
            && at > 0
            && tokens[at - 1].0 == Token::Sign('.')
        {
            found.extend(metric(&tokens[at + 1..], kind, has_labels));
        }
    }
    found
}

/// The type that a function of the client makes, and whether labels follow.
fn constructor(word: &str) -> Option<(Kind, bool)> {
    let name = word.strip_prefix("New")?;
    let (name, has_labels) = name.strip_suffix("Vec").map_or((name.strip_suffix("Func").unwrap_or(name), false), |name| (name, true));
    let kind = match name {
        "Counter" => Kind::Counter,
        "Gauge" => Kind::Gauge,
        "Histogram" => Kind::Histogram,
        "Summary" => Kind::Summary,
        _ => return None,
    };
    Some((kind, has_labels))
}

/// `(prometheus.CounterOpts{Name: "…", …}, []string{"…"})`
fn metric(tokens: &[(Token, Span)], kind: Kind, has_labels: bool) -> Option<Declared> {
    let open = tokens.iter().take(5).position(|(token, _)| *token == Token::Sign('{'))?;
    let opens = matches!(tokens.first()?.0, Token::Sign('('));
    let options = tokens[..open].iter().any(|(token, _)| matches!(token, Token::Word(word) if word.ends_with("Opts")));
    if !opens || !options {
        return None;
    }
    let (mut parts, mut name_span, mut depth, mut at) = ([None, None, None], Span::default(), 1_usize, open + 1);
    let mut constant_labels = false;
    while depth > 0 {
        match (tokens.get(at)?.0, tokens.get(at + 1).map(|next| next.0)) {
            (Token::Sign('{' | '(' | '['), _) => depth += 1,
            (Token::Sign('}' | ')' | ']'), _) => depth -= 1,
            (Token::Word(key), Some(Token::Sign(':'))) if depth == 1 => {
                let slot = ["Namespace", "Subsystem", "Name"].iter().position(|name| *name == key);
                constant_labels |= key == "ConstLabels";
                if let Some(slot) = slot {
                    // Only a literal that is the whole value.
                    let ((Token::Text(text), span), (Token::Sign(',' | '}'), _)) = (tokens.get(at + 2)?, tokens.get(at + 3)?) else {
                        return None;
                    };
                    parts[slot] = Some(*text);
                    name_span = *span;
                }
            }
            _ => {}
        }
        at += 1;
    }
    parts[2].filter(|name| !name.is_empty())?;
    let name = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    let labels = if has_labels { labels(&tokens[at..]) } else { Some(Vec::new()) };
    Some(Declared { name, name_span, kind, labels: labels.filter(|_| !constant_labels) })
}

/// `, []string{"…", "…"}`
fn labels(tokens: &[(Token, Span)]) -> Option<Vec<(String, Span)>> {
    let head = [Token::Sign(','), Token::Sign('['), Token::Sign(']'), Token::Word("string"), Token::Sign('{')];
    if !head.iter().zip(tokens).all(|(want, (token, _))| want == token) {
        return None;
    }
    let mut found = Vec::new();
    for (token, span) in tokens.get(head.len()..)? {
        match token {
            Token::Text(text) => found.push(((*text).to_owned(), *span)),
            Token::Sign(',') => {}
            Token::Sign('}') => return Some(found),
            _ => return None,
        }
    }
    None
}

/// The tokens of Go as far as they are needed, without comments.
fn tokens(text: &str) -> Vec<(Token<'_>, Span)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |end| end + 4)
        } else if c.is_whitespace() {
            c.len_utf8()
        } else {
            let (token, length) = token(rest, c);
            // Without the quotes.
            let inset = usize::from(matches!(token, Token::Text(_)));
            found.push((token, Span::new(at + inset, at + length - inset)));
            length
        };
        at += length;
    }
    found
}

/// The first token of a text that begins with neither space nor comment, and its length.
fn token(rest: &str, first: char) -> (Token<'_>, usize) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    match first {
        '`' => rest[1..].find('`').map_or((Token::Other, rest.len()), |end| (Token::Text(&rest[1..=end]), end + 2)),
        '"' | '\'' => {
            let (mut escaped, mut has_escapes) = (false, false);
            for (at, c) in rest.char_indices().skip(1) {
                match c {
                    // A literal ends on its line.
                    '\n' => return (Token::Other, at),
                    _ if escaped => escaped = false,
                    '\\' => (escaped, has_escapes) = (true, true),
                    _ if c == first && first == '"' && !has_escapes => return (Token::Text(&rest[1..at]), at + 1),
                    _ if c == first => return (Token::Other, at + 1),
                    _ => {}
                }
            }
            (Token::Other, rest.len())
        }
        c if is_word(c) => {
            let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            (Token::Word(&rest[..end]), end)
        }
        c => (Token::Sign(c), c.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read() {
        let shown = |text: &str| {
            let text = format!("package p\nimport \"github.com/prometheus/client_golang/prometheus\"\n{text}");
            let of = |declared: Declared| {
                let labels = declared.labels.map(|labels| labels.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(","));
                let marked = &text[declared.name_span.start..declared.name_span.end];
                assert!(declared.name.ends_with(marked), "{marked}");
                format!("{} {} {}", declared.kind.as_str(), declared.name, labels.as_deref().unwrap_or("?"))
            };
            declared(&Source::new("a.go", text.as_str())).into_iter().map(of).collect::<Vec<_>>().join("; ")
        };
        for (text, want) in [
            (
                "var A = promauto.NewCounterVec(prometheus.CounterOpts{Name: \"a_total\", Help: \"x\"}, []string{\"b\", \"c\"})",
                "counter a_total b,c",
            ),
            (
                "var A = prometheus.NewGauge(prometheus.GaugeOpts{\n\tNamespace: \"shop\", // which\n\tSubsystem: `cart`,\n\tName: \"items\",\n})",
                "gauge shop_cart_items ",
            ),
            (
                "var A = promauto.With(reg).NewHistogramVec(prometheus.HistogramOpts{Name: \"a_seconds\", Buckets: []float64{0.1, 1}}, []string{\"b\",})",
                "histogram a_seconds b",
            ),
            ("var A = prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: \"a\"}, labels)", "summary a ?"),
            (
                "var A = prometheus.NewCounterVec(prometheus.CounterOpts{Name: \"a\", ConstLabels: prometheus.Labels{\"x\": \"y\"}}, []string{\"b\"})",
                "counter a ?",
            ),
            ("var A = prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: \"a\"}, func() float64 { return 1 })", "gauge a "),
            ("var A = prometheus.NewCounter(prometheus.CounterOpts{Name: name})", ""),
            ("var A = prometheus.NewCounter(prometheus.CounterOpts{Name: prefix + \"a\"})", ""),
            ("var A = prometheus.NewCounter(prometheus.CounterOpts{Namespace: ns, Name: \"a\"})", ""),
            ("// prometheus.NewCounter(prometheus.CounterOpts{Name: \"a\"})\n/* prometheus.NewGauge( */", ""),
            ("var s = \"prometheus.NewCounter(prometheus.CounterOpts{Name: \\\"a\\\"})\"", ""),
            ("var A = bank.NewCounter(1)\nfunc NewGauge(opts Opts) {}", ""),
            ("var A = prometheus.NewCounter(prometheus.CounterOpts{Name: \"a\"", ""),
            ("var q = '\"'\nvar é = \"\n", ""),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }

    #[test]
    fn files_that_know_no_prometheus_declare_nothing() {
        assert!(declared(&Source::new("a.go", "metrics.NewCounter(CounterOpts{Name: \"a\"})")).is_empty());
    }
}
