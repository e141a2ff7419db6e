import { ActionIcon, Modal, NativeSelect } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Icon } from '../../../parts/Icon';
import type { Frame } from '../../frame';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { Nothing } from '../Nothing';
import { displayText, textOn } from '../../display';
import { backgroundOf } from '../parts/contrast';
import { reached } from '../parts/reached';
import { measure } from '../parts/text-size';
import { shownAs } from '../values';
import { Cell } from './Cell';
import { jsonText } from './values';
import type { Column } from './columns';
import { columnsOf, widthsOf } from './columns';
import { ColumnFilter } from './Filter';
import { footerOf } from './footer';
import type { Filters, SortBy } from './rows';
import { nextSort, rowsOf } from './rows';
import './table.css';

const heights: Record<string, number> = { sm: 30, md: 38, lg: 48 };
const headerHeight = 30;
const barHeight = 30;
const scrollbar = 10;

/** Which table is shown, of several. */
const nameOfFrame = (frame: Frame, index: number) => frame.name || (frame.refId ? `Query ${frame.refId}` : `Table ${index + 1}`);

/** Rows and columns as the queries gave them; only what is in sight is drawn. */
export default function Table(props: PanelProps<JsonObject>) {
  const { frames, options, panel, width, height, onOptions } = props;
  const shown = frames.filter(({ fields }) => fields.length > 0);
  const asked = typeof options.frameIndex === 'number' ? options.frameIndex : 0;
  const index = asked >= 0 && asked < shown.length ? asked : 0;
  const frame = shown[index];
  if (!frame) return <Nothing width={width} height={height} text={panel.fieldConfig?.defaults.noValue || undefined} />;
  const several = shown.length > 1;
  const names = shown.map(nameOfFrame);
  return (
    <div className="table-panel" style={{ width, height }}>
      <OneTable key={index} {...props} frame={frame} height={several ? height - barHeight : height} />
      {several && (
        <NativeSelect
          aria-label="Table"
          className="table-select"
          value={String(index)}
          onChange={(event) => onOptions({ frameIndex: Number(event.currentTarget.value) })}
          data={names.map((name, at) => ({ value: String(at), label: names.indexOf(name) === at && names.lastIndexOf(name) === at ? name : `${name} (${at + 1})` }))}
        />
      )}
    </div>
  );
}

const isSortBy = (value: unknown): value is SortBy => typeof value === 'object' && value !== null && typeof (value as SortBy).displayName === 'string';

function OneTable({ frame, options, panel, width, height, isDark, link, onFilter, onOptions }: PanelProps<JsonObject> & { frame: Frame }) {
  const box = useRef<HTMLDivElement>(null);
  const [filters, setFilters] = useState<Filters>({});
  const [page, setPage] = useState(0);
  const [inspected, setInspected] = useState<{ column: Column; row: number } | null>(null);
  const columns = useMemo(() => columnsOf(frame), [frame]);
  const sortBy = useMemo(() => (Array.isArray(options.sortBy) ? (options.sortBy as unknown[]).filter(isSortBy) : []), [options.sortBy]);
  const rows = useMemo(() => rowsOf(columns, frame.length, sortBy, filters), [columns, frame.length, sortBy, filters]);
  const footer = useMemo(() => footerOf(columns, rows, options), [columns, rows, options]);
  const ofRow = columns.find(({ isOfRow }) => isOfRow);

  const showHeader = options.showHeader !== false;
  const rowHeight = heights[String(options.cellHeight)] ?? heights.sm!;
  const wraps = columns.some(({ wrap }) => wrap);
  const footerLines = footer ? Math.max(1, ...footer.map((figures) => figures.length)) : 0;
  const footerHeight = footer ? footerLines * 20 + 10 : 0;
  const paged = options.enablePagination === true || (options.footer as JsonObject | undefined)?.enablePagination === true;
  const bodyHeight = height - (showHeader ? headerHeight : 0) - footerHeight;
  const perPage = Math.max(1, Math.floor((bodyHeight - barHeight - scrollbar) / rowHeight));
  const pages = paged ? Math.max(1, Math.ceil(rows.length / perPage)) : 1;
  const at = Math.min(page, pages - 1);
  const drawn = useMemo(() => (paged ? rows.slice(at * perPage, (at + 1) * perPage) : rows), [paged, rows, at, perPage]);

  const isTall = !paged && drawn.length * rowHeight > bodyHeight;
  const widths = useMemo(() => {
    // Figures below a column are not cut either.
    const wide = columns.map((column, index) => ({ ...column, leastWidth: Math.max(column.leastWidth, ...(footer?.[index] ?? []).map(({ label, text }) => measure(`${label} ${text}`, 400) * 13 + 20)) }));
    return widthsOf(wide, width - (isTall || wraps ? scrollbar : 0));
  }, [columns, footer, width, isTall, wraps]);
  // eslint-disable-next-line react-hooks/incompatible-library -- what it returns stays in this component, which no compiler memoizes
  const lines = useVirtualizer({ count: drawn.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 8, scrollMargin: showHeader ? headerHeight : 0 });
  const across = useVirtualizer({ horizontal: true, count: columns.length, getScrollElement: () => box.current, estimateSize: (index) => widths[index]!, overscan: 3 });
  useEffect(() => {
    lines.measure();
  }, [rowHeight, lines]);
  useEffect(() => {
    across.measure();
  }, [widths, across]);

  if (columns.length === 0) return <Nothing width={width} height={height} text={panel.fieldConfig?.defaults.noValue || undefined} />;
  const total = widths.reduce((sum, each) => sum + each, 0);
  const seen = across.getVirtualItems();
  const orderOf = (name: string) => sortBy.find(({ displayName }) => displayName === name);
  const isEmpty = frame.length === 0;
  return (
    <>
      <div ref={box} className="table-box" style={{ height: paged ? height - barHeight : height }} role="table" aria-label={panel.title || 'Table'} aria-rowcount={rows.length + 1} aria-colcount={columns.length} {...reached}>
        {showHeader && (
          <div role="rowgroup" className="table-head" style={{ width: total, height: headerHeight }}>
            <div role="row" aria-rowindex={1}>
              {seen.map((item) => {
                const column = columns[item.index]!;
                const order = orderOf(column.name);
                return (
                  <div key={item.index} role="columnheader" aria-colindex={item.index + 1} aria-sort={order ? (order.desc ? 'descending' : 'ascending') : 'none'} className={`table-cell ${column.wrapHeader ? 'wrap' : ''}`} style={{ left: item.start, width: item.size, height: headerHeight, justifyContent: column.align === 'right' ? 'flex-end' : column.align === 'center' ? 'center' : undefined }}>
                    <button type="button" className="table-heading" title={column.field.config.description ?? column.name} onClick={(event) => onOptions({ sortBy: nextSort(sortBy, column.name, event.shiftKey) as unknown as JsonObject[] })}>
                      <span>{column.name}</span>
                      {order && <span aria-hidden="true">{order.desc ? '↓' : '↑'}</span>}
                    </button>
                    {column.filterable && <ColumnFilter column={column} length={frame.length} chosen={filters[column.name]} onChoose={(texts) => setFilters((before) => ({ ...before, [column.name]: texts }))} />}
                  </div>
                );
              })}
            </div>
          </div>
        )}
        <div role="rowgroup" className="table-body" style={{ width: total, height: lines.getTotalSize(), minHeight: rows.length === 0 ? Math.max(40, bodyHeight - scrollbar) : undefined }}>
          {rows.length === 0 && <Nothing width={Math.min(total, width)} height={Math.max(40, bodyHeight - scrollbar)} text={isEmpty ? panel.fieldConfig?.defaults.noValue || undefined : 'No row passes the filters'} />}
          {lines.getVirtualItems().map((line) => {
            const row = drawn[line.index]!;
            const ofThis = ofRow && shownAs(ofRow.field, ofRow.field.values[row]).color;
            const top = line.start - (showHeader ? headerHeight : 0);
            return (
              <div
                key={line.key}
                role="row"
                aria-rowindex={at * perPage * (paged ? 1 : 0) + line.index + 2}
                data-index={line.index}
                ref={wraps ? lines.measureElement : undefined}
                className="table-row"
                style={{ transform: `translateY(${top}px)`, minHeight: rowHeight, ...(ofThis ? { background: backgroundOf(ofThis, ofRow.cell.mode, isDark), color: textOn(ofThis, isDark) } : {}) }}
              >
                {wraps
                  ? columns.map((column, index) => <Cell key={index} column={column} frame={frame} row={row} width={widths[index]!} height={rowHeight} left={0} columnIndex={index} link={link} onFilter={onFilter} onInspect={(of, which) => setInspected({ column: of, row: which })} isDark={isDark} />)
                  : seen.map((item) => <Cell key={item.index} column={columns[item.index]!} frame={frame} row={row} width={item.size} height={rowHeight} left={item.start} columnIndex={item.index} link={link} onFilter={onFilter} onInspect={(of, which) => setInspected({ column: of, row: which })} isDark={isDark} />)}
              </div>
            );
          })}
        </div>
        {footer && (
          <div role="rowgroup" className="table-foot" style={{ width: total, height: footerHeight }}>
            <div role="row">
              {seen.map((item) => (
                <div key={item.index} role="cell" aria-colindex={item.index + 1} className="table-cell num" style={{ left: item.start, width: item.size, height: footerHeight, textAlign: columns[item.index]!.align }}>
                  <span className="table-figures">
                    {footer[item.index]!.map(({ label, text }) => (
                      <span key={label} className="table-content" title={`${label}: ${text}`}>
                        <span className="dim">{label}</span> {text}
                      </span>
                    ))}
                  </span>
                </div>
              ))}
            </div>
          </div>
        )}
      </div>
      {paged && (
        <div className="table-pages row">
          <ActionIcon size="sm" aria-label="Page before" disabled={at === 0} onClick={() => setPage(at - 1)}>
            <Icon name="left" size={12} />
          </ActionIcon>
          <span className="num">
            {at + 1} / {pages}
          </span>
          <ActionIcon size="sm" aria-label="Next page" disabled={at >= pages - 1} onClick={() => setPage(at + 1)}>
            <Icon name="right" size={12} />
          </ActionIcon>
          <span className="dim num" role="status">
            {rows.length === 0 ? 0 : (at * perPage + 1).toLocaleString('en')}–{Math.min((at + 1) * perPage, rows.length).toLocaleString('en')} of {rows.length.toLocaleString('en')} rows
          </span>
        </div>
      )}
      <Modal opened={inspected !== null} onClose={() => setInspected(null)} title={inspected?.column.name} size="lg">
        {inspected && <Whole column={inspected.column} row={inspected.row} />}
      </Modal>
    </>
  );
}

/** A value as it is, with nothing cut off. */
function Whole({ column: { field }, row }: { column: Column; row: number }) {
  const value = field.values[row];
  const text = typeof value === 'object' && value !== null ? jsonText(value) : displayText(shownAs(field, value));
  let laidOut: string | null = null;
  try {
    const read: unknown = JSON.parse(typeof value === 'string' ? value : text);
    if (typeof read === 'object' && read !== null) laidOut = JSON.stringify(read, null, 2);
  } catch {
    // It is no JSON, so it is shown as it is.
  }
  return (
    <div className="stack">
      <pre className="code">{laidOut ?? (typeof value === 'string' ? value : text)}</pre>
      {typeof value === 'number' && <span className="dim num">{String(value)}</span>}
    </div>
  );
}
