import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { addFilter } from '../../../logs/edit';
import { prettyJson } from '../../../logs/entries';
import { rfc3339Nano } from '../../../logs/download';
import { levelColor } from '../../../logs/levels';
import { Labels } from '../../../parts/Labels';
import type { LogsState } from '../../../url/logs';
import { logsLink } from '../../../url/logs';
import { LogDetails } from '../../../views/logs/LogDetails';
import '../../../views/logs/Logs.css';
import type { FilterBy } from '../../../views/logs/Logs';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { Nothing } from '../Nothing';
import { reached } from '../parts/reached';
import { timeParts } from '../ticks';
import type { Dedup, LogLine } from './lines';
import { commonLabels, deduplicated, linesOf, ownLabelsOf } from './lines';
import './logs.css';

/** `2026-03-10 12:00:00.123` by the dashboard's clock. */
function momentOf(time: bigint, zone: string): string {
  const at = timeParts(Number(time / 1_000_000n), zone);
  return `${at.year}-${at.month}-${at.day} ${at.hour}:${at.minute}:${at.second}.${at.fractionalSecond}`;
}

/** Lines of logs, of which only those in sight are drawn; each opens to its labels. */
export default function Logs({ options, panel, frames, width, height, range, timeZone, onFilter }: PanelProps<JsonObject>) {
  const box = useRef<HTMLDivElement>(null);
  const [, navigate] = useLocation();
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [columns, setColumns] = useState<string[]>(() => (Array.isArray(options.displayedFields) ? options.displayedFields.filter((each): each is string => typeof each === 'string') : []));
  const order = options.sortOrder === 'Ascending' ? 'forward' : 'backward';
  const dedup: Dedup = options.dedupStrategy === 'exact' || options.dedupStrategy === 'numbers' || options.dedupStrategy === 'signature' ? options.dedupStrategy : 'none';
  const lines = useMemo(() => deduplicated(linesOf(frames, order), dedup), [frames, order, dedup]);
  const common = useMemo(() => (options.showCommonLabels || options.showLabels ? commonLabels(lines) : {}), [lines, options.showCommonLabels, options.showLabels]);
  const hasDetails = options.enableLogDetails !== false;
  const wraps = options.wrapLogMessage === true;
  // eslint-disable-next-line react-hooks/incompatible-library -- what it returns stays in this component, which no compiler memoizes
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => 24, overscan: 12, getItemKey: (index) => lines[index]!.key });
  if (lines.length === 0) return <Nothing width={width} height={height} text={panel.fieldConfig?.defaults.noValue || 'No logs'} />;

  const toggle = (key: string) =>
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const seconds = { range: Math.max(1, Math.ceil((range.to - range.from) / 1000)), end: Math.ceil(range.to / 1000) };
  /** A condition of the dashboard when it takes any, else the same query with it among the logs. */
  const filter = (line: LogLine, { where, name, value, negated, parser }: FilterBy) => {
    if (where === 'line') return;
    if (onFilter) onFilter(name, negated ? '!=' : '=', value);
    else navigate(logsLink(addFilter(line.query, where, name, value, negated, parser), { ...seconds, order }));
  };
  const text = (line: LogLine) => (options.prettifyLogMessage === true && prettyJson(line.line)) || line.line || '(empty line)';
  return (
    <div ref={box} className={`logs-panel-box ${options.fontSize === 'small' ? 'small' : ''}`} style={{ width, height }} {...reached} role="group" aria-label={panel.title || 'Logs'}>
      {options.showCommonLabels === true && Object.keys(common).length > 0 && (
        <div className="logs-common">
          <span className="dim">Common labels:</span> <Labels labels={common} />
        </div>
      )}
      <div className={`log-lines ${wraps ? 'wrap' : ''}`} role="list" aria-label="Log lines" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const line = lines[row.index]!;
          const isOpen = opened.has(line.key);
          const state: LogsState = { query: line.query, ...seconds, order, at: null, live: false };
          const inside = (
            <>
              <span className="level-bar" style={{ background: levelColor(line.level) }} title={line.level} />
              {options.showTime === true && (
                <time className="num dim" dateTime={rfc3339Nano(line.time)} title={rfc3339Nano(line.time)}>
                  {momentOf(line.time, timeZone)}
                </time>
              )}
              {dedup !== 'none' && <span className="log-repeated num">{line.repeated > 0 ? `×${line.repeated + 1}` : ''}</span>}
              {columns.map((name) => (
                <span key={name} className="log-column" title={name}>
                  {line.labels[name] ?? ''}
                </span>
              ))}
              {options.showLabels === true && <Labels labels={ownLabelsOf(line, common)} />}
              <span className="log-text mono">
                <span className="hidden-text">{line.level}: </span>
                {text(line)}
              </span>
            </>
          );
          return (
            <div key={line.key} role="listitem" data-index={row.index} ref={rows.measureElement} className="log-row" style={{ transform: `translateY(${row.start}px)` }}>
              {hasDetails ? (
                <button type="button" className="log-line" aria-expanded={isOpen} onClick={() => (getSelection()?.toString() ?? '') === '' && toggle(line.key)}>
                  {inside}
                </button>
              ) : (
                <div className="log-line still">{inside}</div>
              )}
              {isOpen && hasDetails && <LogDetails entry={line} columns={columns} state={state} onFilter={(by) => filter(line, by)} onColumn={(name) => setColumns((before) => (before.includes(name) ? before.filter((each) => each !== name) : [...before, name]))} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}
