//! How messages follow one another on a connection (RFC 6587): with their length before them, or a line each.

/// Takes messages out of a stream of bytes. Holds at most one message of the longest kind and what came with it.
#[derive(Debug)]
pub(in crate::collect) struct Frames {
    buffer: Vec<u8>,
    /// Bytes of the buffer that were given out.
    done: usize,
    limit: usize,
    skip: Skip,
    counts_octets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skip {
    Nothing,
    Octets(usize),
    Line,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::collect) enum Frame {
    /// A message.
    Message(Vec<u8>),
    /// A message that was longer than the limit, and is left out.
    TooLong,
}

/// Digits that a length may have.
const LENGTH_DIGITS: usize = 9;

impl Frames {
    /// Messages of at most `limit` bytes.
    pub(in crate::collect) fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), done: 0, limit, skip: Skip::Nothing, counts_octets: true }
    }

    /// A line each, whatever it begins with.
    pub(in crate::collect) fn lines(limit: usize) -> Self {
        Self { counts_octets: false, ..Self::new(limit) }
    }

    /// Adds bytes that came.
    pub(in crate::collect) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.done);
        self.done = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message that is whole.
    pub(in crate::collect) fn next_frame(&mut self) -> Option<Frame> {
        loop {
            let rest = &self.buffer[self.done..];
            match self.skip {
                Skip::Octets(count) => {
                    let skipped = count.min(rest.len());
                    self.done += skipped;
                    if skipped < count {
                        self.skip = Skip::Octets(count - skipped);
                        return None;
                    }
                    self.skip = Skip::Nothing;
                    continue;
                }
                Skip::Line => {
                    let Some(end) = memchr::memchr(b'\n', rest) else {
                        self.done += rest.len();
                        return None;
                    };
                    self.done += end + 1;
                    self.skip = Skip::Nothing;
                    continue;
                }
                Skip::Nothing => {}
            }
            // Line ends between counted messages, as some senders put them.
            match rest.first()? {
                b'\n' | b'\r' | 0 => {
                    self.done += 1;
                    continue;
                }
                b'1'..=b'9' if self.counts_octets => match counted(rest) {
                    Counted::Incomplete => return None,
                    Counted::Length { header, length } if length > self.limit => {
                        self.done += header;
                        self.skip = Skip::Octets(length);
                        return Some(Frame::TooLong);
                    }
                    Counted::Length { header, length } => {
                        let message = rest.get(header..header + length)?.to_vec();
                        self.done += header + length;
                        return Some(Frame::Message(message));
                    }
                    Counted::None => {}
                },
                _ => {}
            }
            let Some(end) = memchr::memchr(b'\n', rest) else {
                if rest.len() > self.limit {
                    self.done += rest.len();
                    self.skip = Skip::Line;
                    return Some(Frame::TooLong);
                }
                return None;
            };
            let line = &rest[..end];
            let message = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
            self.done += end + 1;
            return Some(if message.len() > self.limit { Frame::TooLong } else { Frame::Message(message) });
        }
    }

    /// What is left at the end of the stream: a last line without its end.
    pub(in crate::collect) fn finish(&mut self) -> Option<Vec<u8>> {
        let rest = self.buffer.split_off(self.done);
        self.buffer.clear();
        self.done = 0;
        (self.skip == Skip::Nothing && !rest.is_empty() && !matches!(counted(&rest), Counted::Length { .. })).then_some(rest)
    }
}

enum Counted {
    Incomplete,
    Length { header: usize, length: usize },
    None,
}

fn counted(bytes: &[u8]) -> Counted {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits > LENGTH_DIGITS {
        return Counted::None;
    }
    match bytes.get(digits) {
        None => Counted::Incomplete,
        Some(b' ') => {
            let length = bytes[..digits].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
            Counted::Length { header: digits + 1, length }
        }
        Some(_) => Counted::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(chunks: &[&str], limit: usize) -> Vec<String> {
        let mut frames = Frames::new(limit);
        let mut found = Vec::new();
        for chunk in chunks {
            frames.push(chunk.as_bytes());
            while let Some(frame) = frames.next_frame() {
                found.push(match frame {
                    Frame::Message(bytes) => String::from_utf8(bytes).unwrap(),
                    Frame::TooLong => "(too long)".to_owned(),
                });
            }
        }
        found.extend(frames.finish().map(|bytes| String::from_utf8(bytes).unwrap()));
        found
    }

    #[test]
    fn messages_are_taken_apart() {
        for (chunks, want) in [
            (&["<1>a\n<2>b\r\n<3>c"][..], &["<1>a", "<2>b", "<3>c"][..]),
            (&["4 <1>a", "5 <2>bc\n3 <3>"], &["<1>a", "<2>bc", "<3>"]),
            (&["5 <1>", "a\n<2>b\n"], &["<1>a\n", "<2>b"]),
            (&["1", "0 <1>", "34567", "89"], &["<1>3456789"]),
            (&["21 <1>345678901234567890<2>b\n"], &["(too long)", "<2>b"]),
            (&["<1>3456789012", "34567", "8\n<2>b\n"], &["(too long)", "<2>b"]),
            (&["\n\n"], &[]),
        ] {
            assert_eq!(all(chunks, 11), want, "{chunks:?}");
        }
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_messages_are_the_same(text in "[<>a-c0-9 \n]{0,80}", cuts in prop::collection::vec(0_usize..80, 0..6)) {
            let mut at: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            at.extend([0, text.len()]);
            at.sort_unstable();
            let pieces: Vec<&str> = at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(all(&pieces, 200), all(&[&text], 200));
        }

        #[test]
        fn arbitrary_bytes_never_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let mut frames = Frames::new(16);
            for chunk in chunks {
                frames.push(&chunk);
                while let Some(frame) = frames.next_frame() {
                    if let Frame::Message(message) = frame {
                        prop_assert!(message.len() <= 16);
                    }
                }
            }
            frames.finish();
        }
    }
}
