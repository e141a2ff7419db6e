//! One file that is followed: its lines from an offset on, through a pipeline of its own.

use crate::collect::config::LineLimits;
use crate::collect::pipeline::{Context, Entry, Pipeline};
use crate::collect::positions::{FilePosition, Head};
use crate::collect::stamps::Stamps;
use md5::{Digest, Md5};
use phoenix_env::{Disk, DiskError, DiskFile, FileIdentity, OpenMode};
use phoenix_model::Labels;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes at the start of a file by which it is known again.
const HEAD_BYTES: u64 = 256;
/// Bytes after which a line without an end goes on in pieces, where no limit is configured: what Loki takes at most.
const PIECE_BYTES: usize = 256 * 1024;
/// Bytes that are read at once, beyond the longest line.
const CHUNK_BYTES: usize = 64 * 1024;

/// How often the beginning of a quiet file is compared.
const CHECK_HEAD: Duration = Duration::from_secs(1);

/// What reading found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// Everything that is there was read, apart from a line without its end.
    UpToDate,
    /// There is more.
    More,
}

/// What is counted while lines are read.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) lines: u64,
    pub(super) bytes: u64,
    /// Lines that were longer than the configured limit.
    pub(super) too_long: u64,
}

/// A file that is followed.
pub(super) struct Tailed {
    pub(super) path: PathBuf,
    pub(super) labels: Labels,
    pub(super) identity: FileIdentity,
    pub(super) file: Option<Box<dyn DiskFile>>,
    /// The next byte to read: a line begins there, unless `skipping`.
    pub(super) offset: u64,
    /// Everything before is stored.
    pub(super) stored: u64,
    /// Whether its position is kept as it is.
    pub(super) recorded: bool,
    pub(super) length: u64,
    head: Head,
    /// The length at which there was a line without its end and nothing else; 0 when there was more.
    waits_beyond: u64,
    /// Where the line began whose rest is left out.
    skipping: Option<u64>,
    /// When a quiet file's beginning is compared again.
    next_head: Duration,
    pub(super) pipeline: Pipeline,
    stamps: Stamps,
    /// Since when no path leads to it any more.
    pub(super) leaving: Option<Duration>,
    /// When it was given another name that is followed too. Its writer has left it, or will soon.
    pub(super) renamed: Option<Duration>,
    /// Everything was read and it is forgotten once that is stored.
    pub(super) done: bool,
    pub(super) lines: u64,
    pub(super) last_error: Option<String>,
    /// When something was read last.
    pub(super) active: Duration,
    pub(super) next_look: Duration,
}

impl Tailed {
    /// Opens a file. It begins where the position says, if that is of this file, or else at its start.
    pub(super) fn open(
        disk: &dyn Disk,
        path: &Path,
        labels: Labels,
        pipeline: Pipeline,
        position: Option<&FilePosition>,
    ) -> Result<Self, DiskError> {
        let file = disk.open(path, OpenMode::Read)?;
        let (identity, length) = (file.identity()?, file.len()?);
        let mut tailed = Self {
            path: path.to_owned(),
            labels,
            identity,
            file: None,
            offset: 0,
            stored: 0,
            recorded: false,
            length,
            head: Head::default(),
            waits_beyond: 0,
            skipping: None,
            next_head: Duration::ZERO,
            pipeline,
            stamps: Stamps::default(),
            leaving: None,
            renamed: None,
            done: false,
            lines: 0,
            last_error: None,
            active: Duration::ZERO,
            next_look: Duration::ZERO,
        };
        if let Some(position) = position
            && length >= position.offset
            && head_of(&*file, position.head.length)?.as_ref() == Some(&position.head)
        {
            tailed.offset = position.offset;
            tailed.stored = position.offset;
            tailed.head = position.head.clone();
        }
        tailed.file = Some(file);
        Ok(tailed)
    }

    /// What is to be kept of it.
    pub(super) fn position(&self, job: &str) -> FilePosition {
        FilePosition {
            job: job.to_owned(),
            path: self.path.clone(),
            device: self.identity.device,
            inode: self.identity.inode,
            offset: self.stored,
            head: self.head.clone(),
        }
    }

    /// Everything before this is in entries that have come out.
    pub(super) fn checkpoint(&self) -> u64 {
        let held = self.pipeline.held().unwrap_or(u64::MAX);
        self.offset.min(held).min(self.skipping.unwrap_or(u64::MAX))
    }

    /// Reads at most one chunk.
    pub(super) fn read(
        &mut self,
        disk: &dyn Disk,
        limits: LineLimits,
        context: &mut Context<'_>,
        out: &mut Vec<Entry>,
        counted: &mut Counted,
    ) -> Result<Read, DiskError> {
        let file = match self.file.take() {
            Some(file) => file,
            None => disk.open(&self.path, OpenMode::Read)?,
        };
        let result = self.read_open(&*file, limits, context, out, counted);
        self.file = Some(file);
        result
    }

    fn read_open(
        &mut self,
        file: &dyn DiskFile,
        limits: LineLimits,
        context: &mut Context<'_>,
        out: &mut Vec<Entry>,
        counted: &mut Counted,
    ) -> Result<Read, DiskError> {
        self.length = file.len()?;
        if self.length == self.offset || self.length == self.waits_beyond {
            // It may have been written anew up to the same length.
            if context.monotonic < self.next_head {
                return Ok(Read::UpToDate);
            }
            self.next_head = context.monotonic + CHECK_HEAD;
            if head_of(file, self.head.length)?.as_ref() == Some(&self.head) {
                return Ok(Read::UpToDate);
            }
        }
        // It was cut and written anew: shorter than what was read, or with another beginning.
        if self.length < self.offset || head_of(file, self.head.length)?.is_none_or(|head| head != self.head) {
            self.pipeline.flush(true, context, out);
            self.offset = 0;
            self.recorded = false;
            self.skipping = None;
            self.head = Head::default();
        }
        let longest = limits.max_bytes.unwrap_or(PIECE_BYTES);
        let mut buffer = vec![0; (longest + CHUNK_BYTES).min((self.length - self.offset) as usize)];
        let filled = file.read_at(self.offset, &mut buffer)?;
        let mut rest = &buffer[..filled];
        let begin = self.offset;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.line(&rest[..end], limits, context, out, counted);
            rest = &rest[end + 1..];
            self.offset += end as u64 + 1;
            self.skipping = None;
        }
        if self.skipping.is_some() {
            self.offset += rest.len() as u64;
        } else if rest.len() > longest {
            if limits.max_bytes.is_some() {
                self.skipping = Some(self.offset);
                self.too_long(rest, limits, context, out, counted);
                self.offset += rest.len() as u64;
            } else {
                let piece = &rest[..character_boundary(rest, longest)];
                self.emit(piece, context, out, counted);
                self.offset += piece.len() as u64;
            }
        }
        if self.head.length < HEAD_BYTES && self.offset > self.head.length {
            self.head = head_of(file, self.offset.min(HEAD_BYTES))?.unwrap_or_default();
            self.recorded = false;
        }
        let moved = self.offset > begin;
        // A line without its end is not read again until the file has grown.
        self.waits_beyond = if moved { 0 } else { self.length };
        Ok(if moved && self.offset < self.length { Read::More } else { Read::UpToDate })
    }

    /// A whole line, without its end.
    fn line(&mut self, line: &[u8], limits: LineLimits, context: &mut Context<'_>, out: &mut Vec<Entry>, counted: &mut Counted) {
        if self.skipping.is_some() {
            return;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match limits.max_bytes {
            Some(limit) if line.len() > limit => self.too_long(line, limits, context, out, counted),
            Some(_) => self.emit(line, context, out, counted),
            None => {
                let mut rest = line;
                while rest.len() > PIECE_BYTES {
                    let (piece, tail) = rest.split_at(character_boundary(rest, PIECE_BYTES));
                    self.emit(piece, context, out, counted);
                    rest = tail;
                }
                self.emit(rest, context, out, counted);
            }
        }
    }

    fn too_long(&mut self, line: &[u8], limits: LineLimits, context: &mut Context<'_>, out: &mut Vec<Entry>, counted: &mut Counted) {
        counted.too_long += 1;
        if limits.truncates
            && let Some(limit) = limits.max_bytes
        {
            self.emit(&line[..character_boundary(line, limit)], context, out, counted);
        }
    }

    fn emit(&mut self, line: &[u8], context: &mut Context<'_>, out: &mut Vec<Entry>, counted: &mut Counted) {
        counted.lines += 1;
        counted.bytes += line.len() as u64;
        self.lines += 1;
        let text = match String::from_utf8_lossy(line) {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(text) => text,
        };
        let entry = Entry::new(self.stamps.next(context.now_ns), text, self.labels.clone(), self.offset);
        self.pipeline.process(entry, context, out);
    }

    /// Takes what is left of a file that nobody writes to any more: a last line without its end, and what stages hold.
    pub(super) fn finish(
        &mut self,
        limits: LineLimits,
        context: &mut Context<'_>,
        out: &mut Vec<Entry>,
        counted: &mut Counted,
    ) -> Result<(), DiskError> {
        if let Some(file) = self.file.take() {
            let longest = limits.max_bytes.unwrap_or(PIECE_BYTES);
            let left = file.len()?.saturating_sub(self.offset).min(longest as u64);
            let mut buffer = vec![0; left as usize];
            let filled = file.read_at(self.offset, &mut buffer)?;
            if filled > 0 && self.skipping.is_none() {
                self.line(&buffer[..filled], limits, context, out, counted);
            }
            self.offset += filled as u64;
            self.skipping = None;
            self.file = Some(file);
        }
        self.pipeline.flush(true, context, out);
        Ok(())
    }
}

/// The beginning of a file; `None` when it is shorter than that.
fn head_of(file: &dyn DiskFile, length: u64) -> Result<Option<Head>, DiskError> {
    if length == 0 {
        return Ok(Some(Head::default()));
    }
    let mut buffer = vec![0; length.min(HEAD_BYTES) as usize];
    if file.read_at(0, &mut buffer)? < buffer.len() {
        return Ok(None);
    }
    let sum = Md5::digest(&buffer).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some(Head { length: buffer.len() as u64, sum }))
}

/// Where to cut a text so that no character of UTF-8 is cut apart; at most `limit`, and not nothing.
fn character_boundary(text: &[u8], limit: usize) -> usize {
    if limit >= text.len() {
        return text.len();
    }
    let back = (0..4.min(limit)).find(|back| text[limit - back] & 0xc0 != 0x80);
    limit - back.filter(|back| *back < limit).unwrap_or(0)
}
