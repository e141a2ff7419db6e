//! What spans are grouped by: values of fields as numbers, and tuples of them as groups.

use crate::eval::columns::{Field, Frame, Place, Shape, shown, whole};
use crate::eval::condition::Expr;
use crate::eval::value::Value;
use crate::result::Static;
use crate::source::{ColumnValues, SpanValue};
use hashbrown::HashMap;
use std::sync::Arc;

/// How many dictionaries each place of a field remembers.
const KEPT: usize = 4;

const OPEN: u32 = u32::MAX;

/// A dictionary with the numbers of its values, [`OPEN`] where none was needed yet.
type Table = (Arc<[SpanValue]>, Vec<u32>);

/// Values that occur, by number. The number 0 is nil.
#[derive(Debug)]
pub(crate) struct ValueIds {
    ids: HashMap<Box<[u8]>, u32>,
    pub values: Vec<Static>,
    /// For each place of a field, the numbers of the values of dictionaries.
    tables: Vec<Vec<Table>>,
    packed: Vec<u8>,
}

impl Default for ValueIds {
    fn default() -> Self {
        Self { ids: HashMap::new(), values: vec![Static::Nil], tables: Vec::new(), packed: Vec::new() }
    }
}

impl ValueIds {
    /// The number of a value.
    pub fn id(&mut self, value: Value<'_>) -> u32 {
        if value == Value::Nil {
            return 0;
        }
        self.packed.clear();
        pack(&value, &mut self.packed);
        if let Some(id) = self.ids.get(&self.packed[..]) {
            return *id;
        }
        let id = self.values.len() as u32;
        self.ids.insert(self.packed[..].into(), id);
        self.values.push(value.into_static());
        id
    }

    /// Roughly what the values take in memory.
    pub fn size_bytes(&self) -> u64 {
        self.values.len() as u64 * 128
    }

    /// The numbers of an expression's values for some rows, which are in order.
    pub fn ids(&mut self, expr: &Expr, frame: &Frame<'_>, rows: &[u32], out: &mut Vec<u32>) {
        out.clear();
        if let Expr::Field(field) = expr
            && !field.of_parent
            && self.ids_of_columns(field, frame, rows, out)
        {
            return;
        }
        // What is said of a trace is the same for all of its spans.
        let of_trace = matches!(expr, Expr::Field(field) if field.places.iter().all(|place| !matches!(place, Place::Column { .. })));
        let mut trace = 0;
        let mut known = None;
        for row in rows {
            while frame.batch.traces[trace].rows.end <= *row {
                trace += 1;
                known = None;
            }
            let id = known.unwrap_or_else(|| self.id(expr.value(frame, trace, *row as usize)));
            known = of_trace.then_some(id);
            out.push(id);
        }
    }

    /// Whether the field stands in columns whose values are numbered already.
    fn ids_of_columns(&mut self, field: &Field, frame: &Frame<'_>, rows: &[u32], out: &mut Vec<u32>) -> bool {
        let mut coded = Vec::with_capacity(field.places.len());
        for (nth, place) in field.places.iter().enumerate() {
            let Place::Column { at, shape, .. } = place else { return false };
            let column = &frame.batch.columns[*at];
            match column.values {
                ColumnValues::Absent => {}
                ColumnValues::Coded(codes, dictionary) if column.ends.is_none() => coded.push((nth, *shape, codes, dictionary)),
                ColumnValues::Ints(ints, []) if matches!(shape, Shape::Status | Shape::Kind) && field.places.len() == 1 => {
                    let ids: Vec<u32> = (0..8).map(|int| self.id(whole(int, *shape))).collect();
                    out.extend(rows.iter().map(|row| ids[(ints[*row as usize] & 7) as usize]));
                    return true;
                }
                // Codes of HTTP and the like: few, so that each is packed once in a batch.
                ColumnValues::Ints(ints, absent) if column.ends.is_none() && field.places.len() == 1 => {
                    let mut known: HashMap<i64, u32> = HashMap::new();
                    for row in rows {
                        let row = *row as usize;
                        out.push(match ints[row] {
                            _ if absent.get(row) == Some(&true) => 0,
                            int => *known.entry(int).or_insert_with(|| self.id(whole(int, *shape))),
                        });
                    }
                    return true;
                }
                _ => return false,
            }
        }
        out.resize(rows.len(), 0);
        for (nth, shape, codes, dictionary) in coded {
            let mut table = self.take_table(nth, dictionary);
            for (id, row) in out.iter_mut().zip(rows).filter(|(id, _)| **id == 0) {
                let code = codes[*row as usize];
                if code != ColumnValues::ABSENT {
                    let known = &mut table[code as usize];
                    if *known == OPEN {
                        *known = self.id(shown(&dictionary[code as usize], shape));
                    }
                    *id = *known;
                }
            }
            self.tables[nth].push((dictionary.clone(), table));
        }
        true
    }

    fn take_table(&mut self, nth: usize, dictionary: &Arc<[SpanValue]>) -> Vec<u32> {
        if self.tables.len() <= nth {
            self.tables.resize_with(nth + 1, Vec::new);
        }
        let tables = &mut self.tables[nth];
        if let Some(at) = tables.iter().position(|(known, _)| Arc::ptr_eq(known, dictionary)) {
            return tables.remove(at).1;
        }
        if tables.len() == KEPT {
            tables.remove(0);
        }
        vec![OPEN; dictionary.len()]
    }
}

/// Bytes that are equal where values are.
fn pack(value: &Value<'_>, out: &mut Vec<u8>) {
    let mut put = |tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(bytes);
    };
    match value {
        Value::Nil => put(0, &[]),
        Value::Text(text) => {
            put(1, &(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Value::Int(int) => put(2, &int.to_le_bytes()),
        Value::Float(float) => put(3, &float.to_bits().to_le_bytes()),
        Value::Bool(bool) => put(4, &[u8::from(*bool)]),
        Value::Duration(ns) => put(5, &ns.to_le_bytes()),
        Value::Status(status) => put(6, &[*status as u8]),
        Value::Kind(kind) => put(7, &[*kind as u8]),
        Value::List(values, _) => {
            put(8, &(values.len() as u64).to_le_bytes());
            for value in values {
                pack(value, out);
            }
        }
    }
}

/// Groups: tuples of values, each put together from a shorter one and one more value.
#[derive(Debug)]
pub(crate) struct Groups {
    levels: Vec<Level>,
}

#[derive(Debug, Default)]
pub(crate) struct Level {
    pub values: ValueIds,
    known: HashMap<(u32, u32), u32>,
    /// The groups of the shorter group 0, by value; [`OPEN`] for none: all there are at the first level.
    of_first: Vec<u32>,
    /// For each group of this level the shorter group and the value.
    pairs: Vec<(u32, u32)>,
}

impl Groups {
    /// Groups of so many values.
    pub fn new(levels: usize) -> Self {
        Self { levels: (0..levels).map(|_| Level::default()).collect() }
    }

    pub fn level(&mut self, level: usize) -> &mut Level {
        &mut self.levels[level]
    }

    /// The number of groups.
    pub fn len(&self) -> usize {
        self.levels.last().map_or(1, |level| level.pairs.len())
    }

    /// The values of a group.
    pub fn values(&self, group: usize) -> Vec<Static> {
        let mut at = group as u32;
        let mut values = Vec::with_capacity(self.levels.len());
        for level in self.levels.iter().rev() {
            let (shorter, value) = level.pairs[at as usize];
            values.push(level.values.values[value as usize].clone());
            at = shorter;
        }
        values.reverse();
        values
    }

    /// The group of some values.
    pub fn group(&mut self, values: &[Static]) -> usize {
        let mut group = 0;
        for (level, value) in self.levels.iter_mut().zip(values) {
            let id = level.values.id(Value::from_static(value));
            group = level.extend(group, id);
        }
        group as usize
    }

    pub fn size_bytes(&self) -> u64 {
        self.levels.iter().map(|level| level.values.size_bytes() + level.pairs.len() as u64 * 32).sum()
    }
}

impl Level {
    fn extend(&mut self, shorter: u32, value: u32) -> u32 {
        if shorter == 0 {
            if self.of_first.len() <= value as usize {
                self.of_first.resize(value as usize + 1, OPEN);
            }
            let known = &mut self.of_first[value as usize];
            if *known == OPEN {
                self.pairs.push((shorter, value));
                *known = self.pairs.len() as u32 - 1;
            }
            return *known;
        }
        *self.known.entry((shorter, value)).or_insert_with(|| {
            self.pairs.push((shorter, value));
            self.pairs.len() as u32 - 1
        })
    }

    /// Puts groups and values together, in place.
    pub fn extend_all(&mut self, groups: &mut [u32], values: &[u32]) {
        let mut last = None;
        for (group, value) in groups.iter_mut().zip(values) {
            // Neighbours are often alike.
            match last {
                Some((shorter, known, result)) if shorter == *group && known == *value => *group = result,
                _ => {
                    let result = self.extend(*group, *value);
                    last = Some((*group, *value, result));
                    *group = result;
                }
            }
        }
    }
}
