//! What stands around every grammar: tokens and the place among them, what was found wrong, how
//! deep the text nests, and the way back to sense behind a mistake.

use phoenix_model::{Diagnostic, Severity, Source, Span};

/// How deep expressions may nest, counting each operator of a chain, so that no recursion over a
/// tree can exhaust a thread's stack.
pub const MAX_DEPTH: usize = 128;

/// How many findings are kept while reading, before they are sorted and cut.
const MAX_FINDINGS: usize = 200;

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Token<K> {
    /// What it is.
    pub kind: K,
    /// The bytes that it was read from.
    pub span: Span,
}

/// A language's kinds of token.
pub trait TokenKind {
    /// The kind as far as all languages share it.
    fn shared(&self) -> Shared<'_>;
}

/// The kinds of token that all languages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared<'a> {
    /// A name or keyword.
    Word(&'a str),
    /// An operator or bracket, as written.
    Symbol(&'static str),
    /// The end of the text.
    End,
    /// A token of the language's own.
    Other,
}

/// Tokens, the place among them, and what was found wrong. A language's parser stands on it.
#[derive(Debug)]
pub struct Frame<K> {
    source: Source,
    /// The last one is the end of the text.
    tokens: Vec<Token<K>>,
    next: usize,
    /// How deep the expression is that is being read. Whoever goes deeper comes back by itself.
    pub depth: usize,
    /// What the text is called when it nests too deeply.
    what: &'static str,
    findings: Vec<Diagnostic>,
    reported: usize,
}

impl<K: TokenKind> Frame<K> {
    /// At the first token. The last of the tokens is the end of the text; `what` is what the text
    /// is called when it nests too deeply.
    pub fn new(source: Source, tokens: Vec<Token<K>>, what: &'static str) -> Self {
        debug_assert!(tokens.last().is_some_and(|token| token.kind.shared() == Shared::End), "the end of the text is a token");
        Self { source, tokens, next: 0, depth: 0, what, findings: Vec::new(), reported: 0 }
    }

    /// The text.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The next token's kind.
    pub fn peek(&self) -> &K {
        &self.tokens[self.next].kind
    }

    /// The kind of the token behind the next one.
    pub fn peek_after(&self) -> &K {
        &self.tokens[self.after()].kind
    }

    /// The next token's place.
    pub fn span(&self) -> Span {
        self.tokens[self.next].span
    }

    /// The place of the token behind the next one.
    pub fn span_after(&self) -> Span {
        self.tokens[self.after()].span
    }

    fn after(&self) -> usize {
        (self.next + 1).min(self.tokens.len() - 1)
    }

    /// The end of the token that was taken last.
    pub fn previous_end(&self) -> usize {
        self.next.checked_sub(1).map_or(0, |i| self.tokens[i].span.end)
    }

    /// From a byte offset to the end of the token that was taken last.
    pub fn span_from(&self, start: usize) -> Span {
        Span::new(start, self.previous_end().max(start))
    }

    /// Takes a token and gives its place. The end of the text stays.
    pub fn bump(&mut self) -> Span {
        let span = self.span();
        self.next = self.after();
        span
    }

    /// Whether all of the text is taken.
    pub fn at_end(&self) -> bool {
        self.peek().shared() == Shared::End
    }

    /// The number of the next token, to come back to.
    pub fn place(&self) -> usize {
        self.next
    }

    /// Goes back to a token that was next before.
    pub fn go_back(&mut self, place: usize) {
        self.next = place.min(self.next);
    }

    /// The tokens that were taken since a place.
    pub fn taken_since(&self, place: usize) -> &[Token<K>] {
        &self.tokens[place.min(self.next)..self.next]
    }

    /// Whether a symbol comes next.
    pub fn at_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek().shared(), Shared::Symbol(s) if s == symbol)
    }

    /// Takes a symbol if it comes next.
    pub fn eat_symbol(&mut self, symbol: &str) -> bool {
        let found = self.at_symbol(symbol);
        if found {
            self.bump();
        }
        found
    }

    /// Whether a word comes next, in small letters or capitals.
    pub fn at_word(&self, word: &str) -> bool {
        matches!(self.peek().shared(), Shared::Word(w) if w.eq_ignore_ascii_case(word))
    }

    /// Takes a word if it comes next, in small letters or capitals.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.bump();
        }
        found
    }

    /// Skips over balanced brackets up to a token for which `stop` holds, or to the end, or to a
    /// closing bracket that was opened before.
    pub fn skip_to(&mut self, stop: impl Fn(&K) -> bool) {
        let mut open = 0_usize;
        loop {
            let kind = self.peek();
            match kind.shared() {
                Shared::End => return,
                _ if open == 0 && stop(kind) => return,
                Shared::Symbol("(" | "[" | "{") => open += 1,
                Shared::Symbol(")" | "]" | "}") => {
                    let Some(less) = open.checked_sub(1) else { return };
                    open = less;
                }
                _ => {}
            }
            self.bump();
        }
    }

    /// Skips to a closing bracket and takes it.
    pub fn recover_at(&mut self, closing: &str) {
        self.skip_to(|kind| matches!(kind.shared(), Shared::Symbol(symbol) if symbol == closing));
        self.eat_symbol(closing);
    }

    /// Goes a level deeper. `false`, and reported, when that is not allowed; nothing comes next then.
    pub fn deeper(&mut self) -> bool {
        let fits = self.depth < MAX_DEPTH;
        if fits {
            self.depth += 1;
        } else {
            self.too_deep();
        }
        fits
    }

    /// Reports that the text nests too deeply, and goes to its end.
    pub fn too_deep(&mut self) {
        let what = self.what;
        self.give_up(&format!("the {what} nests too deeply: the limit is {MAX_DEPTH} levels, where each operator counts as one"));
    }

    /// Reports what cannot be read past, and goes to the end: nothing behind it would make sense.
    pub fn give_up(&mut self, message: &str) {
        if !self.has_said(&[message]) {
            let span = self.span();
            self.error(span, message);
        }
        self.next = self.tokens.len() - 1;
    }

    /// Reports an error. What was said of the same place before stays: a second complaint would only
    /// repeat it.
    pub fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        if let Some(index) = self.findings.iter().position(|d| d.span == span && d.severity == Severity::Error) {
            return &mut self.findings[index];
        }
        self.report(Diagnostic::error(&self.source, span, message))
    }

    /// As [`Frame::error`], with what to do about it.
    pub fn error_with_help(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.error(span, message).advise(Some(help));
    }

    /// Keeps a finding, whatever was said of its place.
    pub fn report(&mut self, finding: Diagnostic) -> &mut Diagnostic {
        self.reported += 1;
        if self.findings.len() >= MAX_FINDINGS {
            // Only the first are shown; of the others it matters that there are some.
            self.findings.pop();
        }
        self.findings.push(finding);
        self.findings.last_mut().expect("just pushed")
    }

    /// How many findings there were, to see whether more have come.
    pub fn reported(&self) -> usize {
        self.reported
    }

    /// Whether something was found within a place.
    pub fn has_findings_in(&self, span: Span) -> bool {
        self.findings.iter().any(|d| d.span.start >= span.start && d.span.end <= span.end)
    }

    /// Whether one of these messages was reported.
    pub fn has_said(&self, messages: &[&str]) -> bool {
        self.findings.iter().any(|d| messages.contains(&d.message.as_str()))
    }

    /// All that was found, in the order in which it was.
    pub fn into_findings(self) -> Vec<Diagnostic> {
        self.findings
    }
}

/// An unexpected token in the words of parsers that goyacc makes, which Loki and Tempo use. Without
/// `expected` anything might have come.
pub fn syntax_error(found: &str, expected: &[&str]) -> String {
    if expected.is_empty() {
        format!("syntax error: unexpected {found}")
    } else {
        format!("syntax error: unexpected {found}, expecting {}", expected.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    enum Kind {
        Word(String),
        Symbol(&'static str),
        Number,
        End,
    }

    impl TokenKind for Kind {
        fn shared(&self) -> Shared<'_> {
            match self {
                Self::Word(word) => Shared::Word(word),
                Self::Symbol(symbol) => Shared::Symbol(symbol),
                Self::End => Shared::End,
                Self::Number => Shared::Other,
            }
        }
    }

    /// Tokens with a blank between them.
    fn frame(text: &str) -> Frame<Kind> {
        let mut at = 0;
        let mut tokens: Vec<Token<Kind>> = Vec::new();
        for part in text.split_inclusive(' ') {
            let token = part.trim_end();
            let symbol = ["(", ")", "[", "]", "{", "}", ",", "+"].into_iter().find(|symbol| *symbol == token);
            let kind = match symbol {
                Some(symbol) => Kind::Symbol(symbol),
                None if token.starts_with(char::is_numeric) => Kind::Number,
                None => Kind::Word(token.to_owned()),
            };
            tokens.push(Token { kind, span: Span::new(at, at + token.len()) });
            at += part.len();
        }
        tokens.push(Token { kind: Kind::End, span: Span::new(text.len(), text.len()) });
        Frame::new(Source::new("query", text), tokens, "expression")
    }

    #[test]
    fn tokens_are_taken_one_by_one() {
        let mut frame = frame("Sum ( 1 )");
        assert_eq!((frame.previous_end(), frame.span_from(0)), (0, Span::new(0, 0)));
        assert!(frame.at_word("sum") && !frame.eat_symbol("(") && frame.eat_word("SUM") && frame.eat_symbol("("));
        let place = frame.place();
        assert_eq!((frame.peek(), frame.peek_after()), (&Kind::Number, &Kind::Symbol(")")));
        assert_eq!((frame.bump(), frame.span()), (Span::new(6, 7), Span::new(8, 9)));
        assert_eq!(frame.taken_since(place).len(), 1);
        frame.go_back(place);
        assert_eq!((frame.span(), frame.span_after()), (Span::new(6, 7), Span::new(8, 9)));
        for _ in 0..5 {
            frame.bump();
        }
        assert!(frame.at_end() && *frame.peek_after() == Kind::End);
        assert_eq!((frame.span_from(4), frame.span_after()), (Span::new(4, 9), Span::new(9, 9)));
    }

    #[test]
    fn reading_goes_on_behind_brackets() {
        for (text, closing, next) in
            [("a ( b ) ) c", ")", 10), ("a [ ) ] c", ")", 6), ("a } )", ")", 2), ("a , b", ")", 5), ("{ , } , ] c", "]", 10)]
        {
            let mut frame = frame(text);
            frame.recover_at(closing);
            assert_eq!(frame.span().start, next, "{text}");
        }
        let mut frame = frame("( , ) , a");
        frame.skip_to(|kind| *kind == Kind::Symbol(","));
        assert_eq!(frame.span().start, 6, "what stands within brackets is passed");
    }

    #[test]
    fn depth_has_a_limit_that_is_told_once() {
        let mut frame = frame("a b");
        for _ in 0..MAX_DEPTH {
            assert!(frame.deeper());
        }
        assert!(!frame.at_end() && !frame.deeper() && frame.at_end() && !frame.deeper());
        let found = frame.into_findings();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "the expression nests too deeply: the limit is 128 levels, where each operator counts as one");
        assert_eq!(found[0].span, Span::new(0, 1));
    }

    #[test]
    fn one_complaint_a_place_and_no_end_of_them() {
        let mut frame = frame("a");
        let place = Span::new(0, 1);
        frame.report(Diagnostic::warning(frame.source(), place, "odd"));
        frame.error_with_help(place, "wrong", "mend it");
        frame.error_with_help(place, "wrong as well", "or not");
        assert_eq!(frame.reported(), 2);
        assert!(frame.has_said(&["odd", "x"]) && !frame.has_said(&["wrong as well"]));
        assert!(frame.has_findings_in(place) && !frame.has_findings_in(Span::new(1, 2)));
        for at in 1..=2 * MAX_FINDINGS {
            frame.error(Span::new(at, at), format!("wrong at {at}"));
        }
        assert_eq!(frame.reported(), 2 + 2 * MAX_FINDINGS);
        let found = frame.into_findings();
        assert_eq!((found.len(), found[1].help.as_deref()), (MAX_FINDINGS, Some("mend it")));
        assert_eq!(found.last().map(|d| d.span.start), Some(2 * MAX_FINDINGS), "the last one is kept");
    }

    #[test]
    fn what_might_have_come_is_listed() {
        assert_eq!(syntax_error("$end", &[]), "syntax error: unexpected $end");
        assert_eq!(syntax_error("STRING", &["=", "!="]), "syntax error: unexpected STRING, expecting = or !=");
    }
}
