//! Reading fields of lines in the place of the lines.

use crate::logs::Lake;
use crate::memtable::MemoryQuery;
use crate::read::{Scene, read_scene};
use crate::segment::{Prepared, PreparedFields};
use phoenix_model::logs::{FieldSelect, FieldValue, FieldVisitor, LogBatch, LogSelect, LogVisitor, Need, ReadError, ReadLimits, ReadStats};

/// Hands whole lines to somebody who asked for fields.
struct WholeLines<'v> {
    names: usize,
    unknown: Vec<FieldValue<'static>>,
    visitor: &'v mut dyn FieldVisitor,
}

impl LogVisitor for WholeLines<'_> {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        self.unknown.resize(batch.timestamps_ns.len(), FieldValue::Unknown);
        let values: Vec<&[FieldValue<'_>]> = (0..self.names).map(|_| self.unknown.as_slice()).collect();
        self.visitor.fields(batch, &values)
    }
}

impl Lake {
    /// As [`Lake::read`], in any order, with fields of lines in the place of the lines where segments
    /// can tell them from their columns. Entries in memory come with their lines.
    pub fn read_fields(
        &self,
        select: &LogSelect<'_>,
        fields: &FieldSelect<'_>,
        limits: &ReadLimits<'_>,
        visitor: &mut dyn FieldVisitor,
    ) -> Result<ReadStats, ReadError> {
        let retention = self.view.read().retention.clone();
        let cutoffs = retention.cutoffs(self.clock.now_ms());
        let need = Need { lines: true, ..select.need };
        let select = LogSelect { start_ns: select.start_ns.max(cutoffs.earliest()), need, direction: None, ..select.clone() };
        let scene = Scene::new(self, select.start_ns, select.end_ns);
        let names = fields.names.len();
        let mut stats = ReadStats::default();
        if !cutoffs.is_uniform() {
            return read_scene(&scene, &select, &cutoffs, limits, &mut WholeLines { names, unknown: Vec::new(), visitor });
        }
        if select.start_ns >= select.end_ns {
            return Ok(stats);
        }
        for view in &scene.memory {
            let query = MemoryQuery::new(view, &select, &cutoffs, &scene.buried_memory, limits)?;
            for block in view.blocks.iter().filter(|block| block.min_ns < select.end_ns && block.max_ns >= select.start_ns) {
                let mut whole = WholeLines { names, unknown: Vec::new(), visitor };
                query.read_block(view, block, limits, &mut stats, &mut whole)?;
            }
        }
        let prepared = Prepared::new(&select);
        let asked = PreparedFields::new(fields);
        for (held, tombstones) in scene.view.segments.iter().zip(&scene.buried) {
            stats.segments += 1;
            for page in held.segment.plan(&prepared, &mut stats)? {
                held.segment.read_page_fields(&page, &prepared, &asked, tombstones, limits, &mut stats, visitor)?;
            }
        }
        Ok(stats)
    }

    /// Whether an entry of `[start_ns, end_ns)` may have structured metadata under one of these names,
    /// or any at all if `names` is `None`. `false` is a promise.
    pub fn may_have_metadata(&self, names: Option<&[&str]>, start_ns: i64, end_ns: i64) -> bool {
        let scene = Scene::new(self, start_ns, end_ns);
        let in_memory = scene
            .memory
            .iter()
            .flat_map(|view| &view.blocks)
            .any(|block| block.min_ns < end_ns && block.max_ns >= start_ns && block.may_have_metadata(names));
        // A segment that cannot be read is for the reading to report.
        in_memory || scene.view.segments.iter().any(|held| held.segment.may_have_metadata(names, start_ns, end_ns).unwrap_or(true))
    }
}
