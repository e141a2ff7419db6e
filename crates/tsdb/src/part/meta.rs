//! What of a part is always in memory.

use super::{END_MAGIC, FOOTER_BYTES, MAGIC, PartError};
use crate::bytes::{Reader, put_i64, put_slice, put_u64};
use phoenix_env::DiskFile;

/// Where a blob lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Blob {
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) crc: u32,
}

/// A label name and its pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: Box<str>,
    pub(super) first_pair: u32,
    pub(super) pairs: u32,
}

/// The contents of a part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Meta {
    /// Days since the Unix epoch.
    pub(super) day: i64,
    /// Parts with a higher number were written later and take precedence.
    pub(super) order: u64,
    pub(super) oldest_ms: i64,
    pub(super) newest_ms: i64,
    pub(super) series: u32,
    pub(super) samples: u64,
    /// Sorted.
    pub(super) names: Vec<Name>,
    pub(super) blobs: Vec<Blob>,
    /// The numbers of the blobs of each table start here; they lie in order.
    pub(super) columns_at: u32,
    pub(super) series_at: u32,
    pub(super) pairs_at: u32,
    /// The first value in each blob of the table of pairs.
    pub(super) first_values: Vec<Box<str>>,
}

impl Meta {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_i64(&mut out, self.day);
        put_u64(&mut out, self.order);
        put_i64(&mut out, self.oldest_ms);
        put_i64(&mut out, self.newest_ms);
        put_u64(&mut out, u64::from(self.series));
        put_u64(&mut out, self.samples);
        put_u64(&mut out, self.names.len() as u64);
        for name in &self.names {
            put_slice(&mut out, name.text.as_bytes());
            put_u64(&mut out, u64::from(name.pairs));
        }
        put_u64(&mut out, self.blobs.len() as u64);
        for blob in &self.blobs {
            put_u64(&mut out, blob.offset);
            put_u64(&mut out, u64::from(blob.length));
            out.extend_from_slice(&blob.crc.to_le_bytes());
        }
        for at in [self.columns_at, self.series_at, self.pairs_at] {
            put_u64(&mut out, u64::from(at));
        }
        put_u64(&mut out, self.first_values.len() as u64);
        for value in &self.first_values {
            put_slice(&mut out, value.as_bytes());
        }
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (day, order, oldest_ms, newest_ms) = (reader.i64()?, reader.u64()?, reader.i64()?, reader.i64()?);
        let (series, samples) = (reader.u32()?, reader.u64()?);
        let mut first_pair = 0_u32;
        let names = (0..reader.count()?)
            .map(|_| {
                let name = Name { text: reader.str()?.into(), first_pair, pairs: reader.u32()? };
                first_pair = first_pair.checked_add(name.pairs)?;
                Some(name)
            })
            .collect::<Option<Vec<_>>>()?;
        let blobs = (0..reader.count()?)
            .map(|_| Some(Blob { offset: reader.u64()?, length: reader.u32()?, crc: reader.fixed_u32()? }))
            .collect::<Option<Vec<_>>>()?;
        let (columns_at, series_at, pairs_at) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let first_values = (0..reader.count()?).map(|_| Some(reader.str()?.into())).collect::<Option<Vec<_>>>()?;
        Some(Self { day, order, oldest_ms, newest_ms, series, samples, names, blobs, columns_at, series_at, pairs_at, first_values })
    }

    /// Reads the meta blob of a part; gives the length of the file as well.
    pub(super) fn read(file: &dyn DiskFile) -> Result<(Self, u64), PartError> {
        let length = file.len()?;
        if length < MAGIC.len() as u64 + FOOTER_BYTES {
            return Err(PartError::Corrupt("it is too short"));
        }
        let mut magic = [0; MAGIC.len()];
        read_exact(file, 0, &mut magic)?;
        let mut footer = [0; FOOTER_BYTES as usize];
        read_exact(file, length - FOOTER_BYTES, &mut footer)?;
        if &magic != MAGIC || &footer[20..] != END_MAGIC {
            return Err(PartError::Corrupt("it does not start or end as a part does"));
        }
        let mut reader = Reader::new(&footer);
        let missing = PartError::Corrupt("its footer is damaged");
        let (Some(offset), Some(size), Some(meta_crc), Some(crc)) =
            (reader.fixed_u64(), reader.fixed_u32(), reader.fixed_u32(), reader.fixed_u32())
        else {
            return Err(missing);
        };
        if crc32fast::hash(&footer[..16]) != crc || offset.checked_add(u64::from(size)) != Some(length - FOOTER_BYTES) {
            return Err(missing);
        }
        let mut bytes = vec![0; size as usize];
        read_exact(file, offset, &mut bytes)?;
        if crc32fast::hash(&bytes) != meta_crc {
            return Err(PartError::Corrupt("its table of contents is damaged"));
        }
        let meta = Self::decode(&bytes).ok_or(PartError::Corrupt("its table of contents can't be understood"))?;
        if meta.blobs.iter().any(|blob| blob.offset.checked_add(u64::from(blob.length)).is_none_or(|end| end > offset)) {
            return Err(PartError::Corrupt("its table of contents points beyond its end"));
        }
        Ok((meta, length))
    }

    /// About the bytes it takes in memory.
    pub(super) fn memory_bytes(&self) -> u64 {
        let names: usize = self.names.iter().map(|n| n.text.len() + size_of::<Name>()).sum();
        let values: usize = self.first_values.iter().map(|v| v.len() + size_of::<Box<str>>()).sum();
        (names + values + self.blobs.len() * size_of::<Blob>() + size_of::<Self>()) as u64
    }
}

pub(super) fn footer(offset: u64, meta: &[u8]) -> Vec<u8> {
    let mut out = offset.to_le_bytes().to_vec();
    out.extend_from_slice(&(meta.len() as u32).to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(meta).to_le_bytes());
    let crc = crc32fast::hash(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(END_MAGIC);
    out
}

pub(super) fn read_exact(file: &dyn DiskFile, offset: u64, buffer: &mut [u8]) -> Result<(), PartError> {
    match file.read_at(offset, buffer)? {
        n if n == buffer.len() => Ok(()),
        _ => Err(PartError::Corrupt("it is shorter than it should be")),
    }
}
