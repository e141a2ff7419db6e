/** What the columns of a table are: how wide, how aligned, how their cells are drawn. */

import { displayText } from '../../display';
import type { Field, Frame } from '../../frame';
import type { JsonObject } from '../../model';
import { measure } from '../parts/text-size';
import { isHidden, nameOf, shownAs } from '../values';
import { frameIn, jsonText } from './values';

export type CellKind = 'auto' | 'color-text' | 'color-background' | 'gauge' | 'sparkline' | 'json-view' | 'image' | 'data-links' | 'pill' | 'markdown';

export interface Column {
  field: Field;
  name: string;
  /** Where it stands in the frame. */
  index: number;
  align: 'left' | 'center' | 'right';
  kind: CellKind;
  cell: JsonObject;
  wrap: boolean;
  wrapHeader: boolean;
  inspect: boolean;
  filterable: boolean;
  /** Its background is the whole row's. */
  isOfRow: boolean;
  width?: number;
  leastWidth: number;
}

/** Columns that do not say how wide they are are at least as wide as their texts, between these pixels. */
const leastColumn = 60;
const mostColumn = 260;
/** What a cell of bars or lines needs. */
const drawnColumn = 160;
/** Rows whose texts are looked at. */
const looked = 60;
/** A cell's edges, and what stands beside a heading. */
const edges = 22;
const besideHeading = 22;
/** A column can be made as narrow as this. */
const narrowest = 24;

const kinds: Record<string, CellKind> = {
  auto: 'auto',
  'color-text': 'color-text',
  'color-background': 'color-background',
  'color-background-solid': 'color-background',
  gauge: 'gauge',
  basic: 'gauge',
  'gradient-gauge': 'gauge',
  'lcd-gauge': 'gauge',
  sparkline: 'sparkline',
  'json-view': 'json-view',
  image: 'image',
  'data-links': 'data-links',
  pill: 'pill',
  markdown: 'markdown',
};

/** Modes that older names of cells stand for. */
const olderModes: Record<string, string> = { 'color-background-solid': 'basic', basic: 'basic', 'gradient-gauge': 'gradient', 'lcd-gauge': 'lcd' };

const positive = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined);

/** A field whose values are series of their own, as `timeSeriesTable` makes them. */
const holdsFrames = (field: Field) => field.type === 'other' && field.values.some((value) => frameIn(value) !== undefined);

export function columnsOf(frame: Frame): Column[] {
  return frame.fields.flatMap((field, index): Column[] => {
    const custom = field.config.custom ?? {};
    if (isHidden(field) || custom.hidden === true) return [];
    const given = typeof custom.cellOptions === 'object' && custom.cellOptions !== null && !Array.isArray(custom.cellOptions) ? custom.cellOptions : {};
    const type = String(given.type ?? custom.displayMode ?? 'auto');
    const kind = kinds[type] ?? 'auto';
    const align = custom.align;
    return [
      {
        field,
        name: nameOf(field),
        index,
        align: align === 'left' || align === 'center' || align === 'right' ? align : field.type === 'number' ? 'right' : 'left',
        kind: kind === 'auto' && holdsFrames(field) ? 'sparkline' : kind,
        cell: { ...(olderModes[type] ? { mode: olderModes[type] } : {}), ...given },
        wrap: given.wrapText === true || custom.wrapText === true,
        wrapHeader: custom.wrapHeaderText === true,
        inspect: custom.inspect === true,
        filterable: custom.filterable === true || field.config.filterable === true,
        isOfRow: kind === 'color-background' && given.applyToRow === true,
        width: positive(custom.width),
        leastWidth: Math.max(narrowest, positive(custom.minWidth) ?? (kind === 'gauge' || kind === 'sparkline' ? drawnColumn : naturalWidth(field))),
      },
    ];
  });
}

/** The width at which heading and the first rows are read without being cut. */
function naturalWidth(field: Field): number {
  const size = 13;
  let width = measure(nameOf(field), 500) * 12 + besideHeading;
  for (const value of field.values.slice(0, looked)) {
    const text = typeof value === 'object' && value !== null ? jsonText(value) : displayText(shownAs(field, value));
    width = Math.max(width, measure(text, 400) * size);
    if (width >= mostColumn) return mostColumn;
  }
  return Math.max(leastColumn, Math.ceil(width) + edges);
}

/** Pixels of each column: set ones as they are; the others share what is left, none less than it needs. */
export function widthsOf(columns: Pick<Column, 'width' | 'leastWidth'>[], available: number): number[] {
  const widths = columns.map(({ width }) => (width === undefined ? 0 : Math.max(narrowest, width)));
  let free = available - widths.reduce((sum, width) => sum + width, 0);
  let waiting = columns.flatMap(({ width }, index) => (width === undefined ? [index] : []));
  // Who needs more than an even share takes it first; the rest is shared again.
  for (;;) {
    const share = free / waiting.length;
    const needy = waiting.filter((index) => columns[index]!.leastWidth > share);
    if (needy.length === 0) break;
    for (const index of needy) {
      widths[index] = columns[index]!.leastWidth;
      free -= columns[index]!.leastWidth;
    }
    waiting = waiting.filter((index) => !needy.includes(index));
    if (waiting.length === 0) break;
  }
  waiting.forEach((index, at) => {
    const share = Math.floor(free / waiting.length);
    widths[index] = at === waiting.length - 1 ? free - share * (waiting.length - 1) : share;
  });
  return widths;
}
