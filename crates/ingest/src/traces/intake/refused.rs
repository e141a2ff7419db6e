//! Spans of a request that are not stored while others are, and why.

/// Which id is why a span is refused while others are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Fault {
    Trace,
    Span,
    Parent,
}

impl Fault {
    const ALL: [Self; 3] = [Self::Trace, Self::Span, Self::Parent];

    /// The reason as metrics give it.
    pub(in super::super) fn reason(self) -> &'static str {
        ["invalid_trace_id", "invalid_span_id", "invalid_parent_id"][self as usize]
    }

    fn words(self) -> &'static str {
        [
            "a trace id that is not 16 bytes of which one is not zero",
            "a span id that is not 8 bytes of which one is not zero",
            "a parent's id that is not 8 bytes",
        ][self as usize]
    }
}

/// Spans that are not stored.
#[derive(Debug, Default)]
pub(in super::super) struct Refused {
    counts: [u64; 3],
    /// The name of the first span for each fault.
    first: [String; 3],
}

impl Refused {
    pub(super) fn add(&mut self, fault: Fault, name: &str) {
        let number = &mut self.counts[fault as usize];
        if *number == 0 {
            self.first[fault as usize] = name.chars().take(100).collect();
        }
        *number += 1;
    }

    /// The number of spans.
    pub(in super::super) fn spans(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many have which fault.
    pub(in super::super) fn counts(&self) -> impl Iterator<Item = (Fault, u64)> + '_ {
        Fault::ALL.into_iter().zip(self.counts).filter(|(_, number)| *number > 0)
    }

    /// Which spans are refused, and why; empty if none is.
    pub(in super::super) fn message(&self) -> String {
        let sentence = |(fault, number): (Fault, u64)| {
            let (noun, verb) = if number == 1 { ("span", "has") } else { ("spans", "have") };
            format!("{number} {noun} {verb} {}, first the span {:?}", fault.words(), self.first[fault as usize])
        };
        self.counts().map(sentence).collect::<Vec<_>>().join("; ")
    }
}
