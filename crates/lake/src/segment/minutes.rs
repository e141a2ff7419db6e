//! Counts of entries per level and minute, so that counting needs no entries.

use crate::table::encoding::{Input, put_signed, put_varint};
use phoenix_model::logs::Level;

/// Nanoseconds of a minute.
pub(super) const MINUTE_NS: i64 = 60_000_000_000;

/// Entries of a stream and level within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MinuteCount {
    /// Minutes since the Unix epoch. As the windows of LogQL, a minute holds its end and not its start,
    /// so that windows of whole minutes need no look at entries.
    pub minute: i64,
    pub entries: u64,
    /// Bytes of their lines.
    pub bytes: u64,
}

/// Counts the entries of a stream, which come in ascending order of time.
#[derive(Default)]
pub(super) struct MinuteBuilder {
    levels: [Vec<MinuteCount>; Level::ALL.len()],
}

impl MinuteBuilder {
    pub(super) fn add(&mut self, timestamp_ns: i64, level: Level, line_bytes: usize) {
        let minute = timestamp_ns.saturating_sub(1).div_euclid(MINUTE_NS);
        let counts = &mut self.levels[level as usize];
        match counts.last_mut() {
            Some(last) if last.minute == minute => {
                last.entries += 1;
                last.bytes += line_bytes as u64;
            }
            _ => counts.push(MinuteCount { minute, entries: 1, bytes: line_bytes as u64 }),
        }
    }

    /// Appends what was counted, and begins anew.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        put_varint(out, self.levels.iter().filter(|counts| !counts.is_empty()).count() as u64);
        for (level, counts) in self.levels.iter_mut().enumerate().filter(|(_, counts)| !counts.is_empty()) {
            out.push(level as u8);
            put_varint(out, counts.len() as u64);
            let mut before = 0;
            for count in counts.drain(..) {
                put_signed(out, count.minute - before);
                put_varint(out, count.entries);
                put_varint(out, count.bytes);
                before = count.minute;
            }
        }
    }
}

/// Gives the counts of a stream, by level and ascending in time.
pub(super) fn for_each(bytes: &[u8], mut take: impl FnMut(Level, MinuteCount)) -> Option<()> {
    let mut input = Input::new(bytes);
    for _ in 0..input.varint()? {
        let level = Level::from_number(input.byte()?)?;
        let mut minute = 0_i64;
        for _ in 0..input.varint()? {
            minute = minute.checked_add(input.signed()?)?;
            take(level, MinuteCount { minute, entries: input.varint()?, bytes: input.varint()? });
        }
    }
    input.rest().is_empty().then_some(())
}
