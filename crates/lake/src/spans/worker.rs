//! What one thread does of a read: it goes through row groups and memtables, and gives the visitor
//! what counts.

use super::column::{ABSENT, Column, Piece, Values};
use super::condition::{Mask, evaluate};
use super::copy::Copied;
use super::filter::Filter;
use super::layout::Head;
use super::page_unit::{MappedFields, PageUnit};
use super::pages::PageReader;
use super::prune::{in_time, may_meet};
use super::read::{Shared, Task};
use super::rows::{Arranged, At, RowUnit, Unit};
use super::segment::SpanSegment;
use hashbrown::HashMap;
use phoenix_model::logs::ReadError;
use phoenix_model::traces::{
    Intrinsic, Scope, SpanBatch, SpanColumn, SpanField, SpanPredicate, SpanRows, SpanSelect, SpanStats, SpanTime, SpanValue, SpanVisitor,
    TraceId, TraceInfo,
};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Services of a trace with the number of their spans, and of those with an error.
type ServiceCounts = Vec<(Arc<str>, u32, u32)>;

impl Shared<'_> {
    /// Takes one task after the other.
    pub(super) fn run(&self, visitor: &mut dyn SpanVisitor) -> Result<SpanStats, ReadError> {
        let mut worker = Worker { shared: self, visitor, stats: SpanStats::default(), services: HashMap::new() };
        while let Some((last_ns, task)) = self.tasks.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            worker.check()?;
            if worker.is_beyond(*last_ns) {
                continue;
            }
            match task {
                Task::Group { segment, head, group } => worker.group(segment, head, *group)?,
                Task::Bucket { view, bucket } => {
                    let bucket = &view.buckets[*bucket];
                    let _charge = self.limits.budget.charge(bucket.rows() as u64 * 32)?;
                    let arranged = bucket.arranged(&view.blocks);
                    worker.unit(&mut RowUnit::new(&view.blocks, &arranged), true)?;
                }
                Task::Apart { ids } => {
                    let mut bytes = 0;
                    let gathered = self.scene.gather(ids, self.limits, &mut bytes)?;
                    worker.read(bytes)?;
                    let traces = gathered.traces.iter().map(|(id, spans): &(TraceId, Vec<At>)| (*id, spans.as_slice()));
                    let arranged = Arranged::new(&gathered.blocks, traces);
                    let _charge = self.limits.budget.charge(arranged.size_bytes() as u64)?;
                    worker.unit(&mut RowUnit::new(&gathered.blocks, &arranged), false)?;
                }
            }
        }
        Ok(worker.stats)
    }
}

/// What one thread does.
struct Worker<'w, 'r> {
    shared: &'w Shared<'r>,
    visitor: &'w mut dyn SpanVisitor,
    stats: SpanStats,
    /// Names of services, which visitors are given as shared texts.
    services: HashMap<String, Arc<str>>,
}

impl Worker<'_, '_> {
    fn check(&self) -> Result<(), ReadError> {
        if self.shared.failed.load(Ordering::Relaxed) || (self.shared.limits.cancelled)() {
            return Err(ReadError::Cancelled);
        }
        Ok(())
    }

    fn is_beyond(&self, last_ns: i64) -> bool {
        self.visitor.bound_ns().is_some_and(|bound_ns| last_ns < bound_ns)
    }

    /// Counts bytes that were read.
    fn read(&mut self, bytes: u64) -> Result<(), ReadError> {
        self.stats.bytes += bytes;
        let all = self.shared.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if all > self.shared.limits.max_bytes {
            return Err(ReadError::Limit(format!(
                "the query reads more than {} bytes of spans: ask for less time, or for rarer things, or raise the limit of bytes that a query may read",
                self.shared.limits.max_bytes
            )));
        }
        Ok(())
    }

    /// The pages of a row group, later ones first.
    fn group(&mut self, segment: &SpanSegment, head: &Arc<Head>, group: usize) -> Result<(), ReadError> {
        let select = self.shared.select;
        let filters = if self.shared.filtered { Some(segment.filters(head, group)?) } else { None };
        let mut pages: Vec<(i64, u32)> = Vec::new();
        for page in head.pages_of(group).filter(|page| !head.pages[*page as usize].continues) {
            let unit = head.unit(page);
            let heads = &head.pages[unit.start as usize..unit.end as usize];
            if !heads.iter().any(|page| in_time(page, select)) {
                continue;
            }
            // The pages of a large trace may lie in the next row group, whose filters are not here.
            let may = |predicate: &SpanPredicate| {
                unit.clone().any(|page| {
                    let head_of = &head.pages[page as usize];
                    let bytes = filters.as_ref().filter(|_| head.table.group_of(page).0 == group);
                    let range = head_of.filter.start as usize..head_of.filter.end as usize;
                    let filter = bytes.and_then(|bytes| bytes.get(range)).unwrap_or_default();
                    may_meet(predicate, head_of, Filter(filter))
                })
            };
            if select.required.iter().all(may) {
                pages.push((heads[0].last_trace_ns, page));
            }
        }
        pages.sort_unstable_by_key(|(last_ns, _)| std::cmp::Reverse(*last_ns));
        let mut reader = PageReader::new(&segment.files, Arc::clone(head), true);
        let mut mapped = MappedFields::new();
        let mut read = 0;
        for (last_ns, page) in pages {
            if self.is_beyond(last_ns) {
                break;
            }
            self.check()?;
            if head.unit(page).len() == 1 {
                let mut unit = PageUnit::new(&mut reader, &mut mapped, page);
                self.unit(&mut unit, true)?;
            } else {
                let mut copied = Copied::charged_to(self.shared.limits.budget)?;
                let apart = &self.shared.apart;
                reader.copy_unit(page, &mut |id| !apart.contains(&id), &mut copied)?;
                if !copied.write.is_empty() {
                    let spans: Vec<At> = (0..copied.write.len() as u32).map(|row| At { block: 0, row }).collect();
                    let id = copied.write.fixed(0).trace_id;
                    let blocks = [Arc::new(std::mem::take(&mut copied.write))];
                    let arranged = Arranged::new(&blocks, std::iter::once((id, spans.as_slice())));
                    let _charge = self.shared.limits.budget.charge(arranged.size_bytes() as u64)?;
                    self.unit(&mut RowUnit::new(&blocks, &arranged), false)?;
                }
            }
            self.read(reader.bytes - read)?;
            read = reader.bytes;
        }
        Ok(())
    }

    /// Gives the visitor what counts of a unit; `split` says whether traces that lie in several places may be among its own.
    fn unit(&mut self, unit: &mut dyn Unit, split: bool) -> Result<(), ReadError> {
        let (select, limits) = (self.shared.select, self.shared.limits);
        let rows = unit.rows();
        let traces = unit.trace_count();
        let mut columns = Columns { unit, known: HashMap::new(), charge: limits.budget.charge(0)? };
        // Most pages have no span that meets a condition: that is asked before their traces are read.
        let mut masks = Vec::with_capacity(select.required.len());
        for predicate in select.required {
            let mask = evaluate(predicate, rows, &mut |field| columns.get(field))?;
            if mask == Mask::None {
                self.stats.traces += traces;
                self.stats.spans += rows as u64;
                return Ok(());
            }
            masks.push(mask);
        }
        let bound_ns = self.visitor.bound_ns();
        let mut counts: Vec<bool> = (columns.unit.traces(false)?.facts.iter())
            .map(|facts| {
                let end_ns = facts.start_ns.saturating_add(facts.duration_ns);
                let in_time = match select.time {
                    SpanTime::Span => true,
                    SpanTime::Trace => facts.start_ns < select.end_ns && end_ns >= select.start_ns,
                };
                in_time
                    && end_ns >= self.shared.scene.cutoff_ns
                    && bound_ns.is_none_or(|bound_ns| facts.start_ns >= bound_ns)
                    && !(split && self.shared.apart.contains(&facts.id))
            })
            .collect();
        if !counts.contains(&true) {
            return Ok(());
        }
        self.stats.traces += counts.iter().filter(|counts| **counts).count() as u64;
        self.stats.spans += rows as u64;
        let mut in_range = Mask::All;
        if select.time == SpanTime::Span {
            in_range = columns.in_range(select)?;
            columns.keep(&mut counts, &in_range)?;
        }
        for mask in &mut masks {
            if in_range != Mask::All {
                *mask = std::mem::replace(mask, Mask::None).and(in_range.clone());
            }
            columns.keep(&mut counts, mask)?;
        }
        if !counts.contains(&true) {
            return Ok(());
        }
        let wanted = match select.rows {
            SpanRows::WholeTraces => Mask::All,
            SpanRows::Matching(others) => {
                let mut wanted = masks.into_iter().fold(Mask::None, Mask::or);
                for predicate in others {
                    if wanted == Mask::All {
                        break;
                    }
                    wanted = wanted.or(evaluate(predicate, rows, &mut |field| columns.get(field))?.and(in_range.clone()));
                }
                wanted
            }
        };
        self.give(&mut columns, &counts, &wanted)
    }

    fn give(&mut self, columns: &mut Columns<'_>, counts: &[bool], wanted: &Mask) -> Result<(), ReadError> {
        let select = self.shared.select;
        let rows = columns.unit.rows();
        let all = *wanted == Mask::All && !counts.contains(&false);
        let mut selected: Vec<u32> = Vec::new();
        let mut ranges = Vec::with_capacity(counts.len());
        for (facts, counts) in columns.unit.traces(select.roots)?.facts.iter().zip(counts) {
            let start = selected.len() as u32;
            if all {
                ranges.push(facts.rows.clone());
            } else {
                if *counts {
                    selected.extend(facts.rows.clone().filter(|row| wanted.has(*row as usize)));
                }
                ranges.push(start..selected.len() as u32);
            }
        }
        let rows = if all { rows } else { selected.len() };
        let mut given: Vec<Rc<Column>> = Vec::with_capacity(select.columns.len());
        for field in select.columns {
            let column = columns.get(field)?;
            given.push(if all {
                column.settled().map_or(column, Rc::new)
            } else {
                let column = column.gather(&selected);
                columns.charge.grow(column.size_bytes() as u64)?;
                Rc::new(column)
            });
        }
        let services = if select.services { self.count_services(columns, counts)? } else { Vec::new() };
        let traces = columns.unit.traces(select.roots)?;
        let roots = traces.roots.as_ref().filter(|_| select.roots);
        let infos: Vec<TraceInfo<'_>> = (traces.facts.iter().enumerate())
            .filter(|(number, _)| counts[*number])
            .map(|(number, facts)| TraceInfo {
                id: facts.id,
                rows: ranges[number].clone(),
                start_ns: facts.start_ns,
                duration_ns: facts.duration_ns,
                root_service: roots.map_or("", |roots| roots[0].get(number)),
                root_name: roots.map_or("", |roots| roots[1].get(number)),
                services: services.get(number).map_or(&[], Vec::as_slice),
            })
            .collect();
        let views: Vec<SpanColumn<'_>> = given.iter().map(|column| column.view()).collect();
        self.visitor.batch(&SpanBatch { rows, traces: &infos, columns: &views })
    }

    /// For each trace that counts its services, with how many spans, and how many of them failed.
    fn count_services(&mut self, columns: &mut Columns<'_>, counts: &[bool]) -> Result<Vec<ServiceCounts>, ReadError> {
        let services = columns.get(&SpanField::Attribute(Scope::Resource, "service.name".into()))?;
        let states = columns.get(&SpanField::Intrinsic(Intrinsic::Status))?;
        let failed = |row: usize| {
            let mut failed = false;
            states.each_in_row(row, &mut |piece| failed |= matches!(piece, Piece::Int(2)));
            failed
        };
        let mut counted = Vec::with_capacity(counts.len());
        for (facts, counts) in columns.unit.traces(false)?.facts.iter().zip(counts) {
            let mut of_trace = ServiceCounts::new();
            for row in facts.rows.clone().filter(|_| *counts) {
                let row = row as usize;
                let name = service_at(&services, row);
                let known = &mut self.services;
                let at = of_trace.iter().position(|(known, ..)| **known == *name);
                let entry = if let Some(at) = at {
                    &mut of_trace[at]
                } else {
                    let name = known.entry_ref(name).or_insert_with(|| Arc::from(name));
                    of_trace.push((Arc::clone(name), 0, 0));
                    of_trace.last_mut().expect("it was just pushed")
                };
                entry.1 += 1;
                entry.2 += u32::from(failed(row));
            }
            counted.push(of_trace);
        }
        Ok(counted)
    }
}

/// The name of a row's service; empty if it has none.
fn service_at(services: &Column, row: usize) -> &str {
    match &services.values {
        Values::Coded(codes, values) if services.ends.is_none() => text_at(values, codes[row]),
        _ => "",
    }
}

fn text_at(values: &[SpanValue], code: u32) -> &str {
    match values.get(code as usize) {
        Some(SpanValue::Text(text)) if code != ABSENT => text,
        _ => "",
    }
}

/// The columns of a unit that were read.
struct Columns<'u> {
    unit: &'u mut dyn Unit,
    known: HashMap<SpanField, Rc<Column>>,
    charge: phoenix_model::Charge,
}

impl Columns<'_> {
    fn get(&mut self, field: &SpanField) -> Result<Rc<Column>, ReadError> {
        if let Some(column) = self.known.get(field) {
            return Ok(Rc::clone(column));
        }
        let column = Rc::new(self.unit.load(field)?);
        self.charge.grow(column.size_bytes() as u64)?;
        self.known.insert(field.clone(), Rc::clone(&column));
        Ok(column)
    }

    /// The spans that start within the range.
    fn in_range(&mut self, select: &SpanSelect<'_>) -> Result<Mask, ReadError> {
        let column = self.get(&SpanField::Intrinsic(Intrinsic::Start))?;
        let Values::Ints(starts, _) = &column.values else { return Ok(Mask::None) };
        if starts.iter().all(|start| (select.start_ns..select.end_ns).contains(start)) {
            return Ok(Mask::All);
        }
        Ok(Mask::of(starts.iter().map(|start| (select.start_ns..select.end_ns).contains(start)).collect()))
    }

    /// Leaves out the traces without a row of a mask.
    fn keep(&mut self, counts: &mut [bool], mask: &Mask) -> Result<(), ReadError> {
        for (counts, facts) in counts.iter_mut().zip(&self.unit.traces(false)?.facts) {
            *counts = *counts && mask.any(facts.rows.start as usize..facts.rows.end as usize);
        }
        Ok(())
    }
}
