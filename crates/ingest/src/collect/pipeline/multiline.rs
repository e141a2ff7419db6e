//! `multiline`: lines that belong together become one entry.

use super::values::{GoDuration, Pattern};
use super::{Context, Entry, Flow};
use phoenix_model::Labels;
use phoenix_yaml::KeyError;
use serde::Deserialize;
use std::collections::HashMap;
use std::time::Duration;

const DEFAULT_WAIT: Duration = Duration::from_secs(3);
const DEFAULT_LINES: usize = 128;
/// Bytes after which a block ends, whatever its number of lines.
const BLOCK_LIMIT_BYTES: usize = 1 << 20;
/// Streams with an open block; a further one ends the block that has waited longest.
const STREAMS_LIMIT: usize = 1_000;

/// `multiline`. A block begins with a line that matches; lines before the first such line pass as they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawMultiline")]
pub(super) struct Multiline {
    firstline: regex::Regex,
    max_wait: Duration,
    max_lines: usize,
    blocks: HashMap<Labels, Block>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMultiline {
    firstline: Option<Pattern>,
    max_wait_time: Option<GoDuration>,
    max_lines: Option<usize>,
}

impl TryFrom<RawMultiline> for Multiline {
    type Error = KeyError;

    fn try_from(raw: RawMultiline) -> Result<Self, KeyError> {
        let Some(Pattern(firstline)) = raw.firstline else {
            return Err(KeyError::whole("`firstline` is missing").with_help("it is the expression that the first line of a block matches"));
        };
        Ok(Self {
            firstline,
            max_wait: raw.max_wait_time.map_or(DEFAULT_WAIT, |GoDuration(wait)| wait),
            max_lines: raw.max_lines.filter(|lines| *lines > 0).unwrap_or(DEFAULT_LINES),
            blocks: HashMap::new(),
        })
    }
}

#[derive(Debug, Clone)]
struct Block {
    /// The entry of the first line, with all lines so far. `None` after the block was ended for its length.
    entry: Option<Entry>,
    lines: usize,
    last: Duration,
}

impl Multiline {
    pub(super) fn apply(&mut self, entry: Entry, context: &mut Context<'_>) -> Flow {
        let labels = entry.labels.build();
        let begins = self.firstline.is_match(&entry.line);
        let mut out = Vec::new();
        if !self.blocks.contains_key(&labels) {
            if !begins {
                context.note(|| "no block has begun yet".to_owned());
                return Flow::Pass(entry);
            }
            if self.blocks.len() >= STREAMS_LIMIT {
                let oldest = self.blocks.iter().min_by_key(|(_, block)| block.last).map(|(labels, _)| labels.clone());
                out.extend(oldest.and_then(|oldest| self.blocks.remove(&oldest)).and_then(|block| block.entry));
            }
        }
        let block = self.blocks.entry(labels).or_insert(Block { entry: None, lines: 0, last: context.monotonic });
        block.last = context.monotonic;
        match &mut block.entry {
            Some(held) if !begins => {
                held.line.push('\n');
                held.line.push_str(&entry.line);
                block.lines += 1;
            }
            held => {
                out.extend(held.replace(entry));
                block.lines = 1;
            }
        }
        let bytes = block.entry.as_ref().map_or(0, |held| held.line.len());
        if block.lines >= self.max_lines || bytes >= BLOCK_LIMIT_BYTES {
            out.extend(block.entry.take());
        }
        if out.is_empty() { Flow::Hold } else { Flow::Several(out) }
    }

    pub(super) fn flush(&mut self, all: bool, context: &mut Context<'_>) -> Vec<Entry> {
        let now = context.monotonic;
        let due = |block: &Block| all || now.saturating_sub(block.last) >= self.max_wait;
        let mut out: Vec<Entry> = self.blocks.values_mut().filter(|block| due(block)).filter_map(|block| block.entry.take()).collect();
        out.sort_by_key(|entry| entry.mark);
        out
    }

    pub(super) fn held(&self) -> Option<u64> {
        self.blocks.values().filter_map(|block| block.entry.as_ref()).map(|entry| entry.mark).min()
    }
}
