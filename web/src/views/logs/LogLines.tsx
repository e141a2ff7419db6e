import { Button, Menu, Switch } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import type { ReactNode } from 'react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { exactTime } from '../../format/time';
import type { Entry } from '../../logs/entries';
import { allLabels, prettyJson } from '../../logs/entries';
import type { Format } from '../../logs/download';
import { download, formats, rfc3339Nano } from '../../logs/download';
import { levelColor } from '../../logs/levels';
import { Icon } from '../../parts/Icon';
import { useRemembered } from '../../parts/remembered';
import type { LogsState } from '../../url/logs';
import { LogDetails } from './LogDetails';
import type { FilterBy } from './Logs';

interface Props {
  entries: Entry[];
  state: LogsState;
  onFilter: (filter: FilterBy) => void;
  head?: ReactNode;
  foot?: ReactNode;
}

/** A time with its milliseconds, in the viewer's zone. */
export function lineTime(time: bigint): string {
  const at = new Date(Number(time / 1_000_000n));
  return `${exactTime(at)}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** Lines, of which only those near the window are drawn; each opens to its labels. */
export function LogLines({ entries, state, onFilter, head, foot }: Props) {
  const [wrap, setWrap] = useRemembered('logs-wrap', '1');
  const [json, setJson] = useRemembered('logs-json', '');
  const [columnText, setColumnText] = useRemembered('logs-columns', '');
  const columns = columnText === '' ? [] : columnText.split(',');
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set(state.at ? [state.at] : []));
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const look = () => setTop(Math.round(element.getBoundingClientRect().top + scrollY));
    const watcher = new ResizeObserver(look);
    watcher.observe(document.body);
    return () => watcher.disconnect();
  }, []);
  const rows = useWindowVirtualizer({
    count: entries.length,
    estimateSize: () => 26,
    overscan: 20,
    scrollMargin: top,
    getItemKey: (index) => entries[index]!.key,
  });
  const target = state.at;
  const place = target === null ? -1 : entries.findIndex((entry) => entry.key === target);
  useEffect(() => {
    if (place >= 0) rows.scrollToIndex(place, { align: 'center' });
  }, [place]); // eslint-disable-line react-hooks/exhaustive-deps

  const toggle = (key: string) =>
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const setColumn = (name: string) => setColumnText((columns.includes(name) ? columns.filter((each) => each !== name) : [...columns, name]).join(','));

  return (
    <>
      <div className="row wrap logs-head">
        {head}
        <span className="grow" />
        <Switch size="xs" label="Wrap" checked={wrap === '1'} onChange={(event) => setWrap(event.currentTarget.checked ? '1' : '')} />
        <Switch size="xs" label="Lay out JSON" checked={json === '1'} onChange={(event) => setJson(event.currentTarget.checked ? '1' : '')} />
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" size="compact-xs">
              Download
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {formats.map((format: Format) => (
              <Menu.Item key={format} onClick={() => download(entries, format)}>
                {format === 'txt' ? 'Lines (txt)' : format === 'json' ? 'With labels (JSON lines)' : 'Table (CSV)'}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </div>
      {columns.length > 0 && (
        <div className="row wrap logs-columns">
          <span className="dim">Columns:</span>
          {columns.map((name) => (
            <Button key={name} variant="default" size="compact-xs" onClick={() => setColumn(name)} rightSection={<Icon name="close" size={11} />} aria-label={`Remove column ${name}`}>
              {name}
            </Button>
          ))}
        </div>
      )}
      <div ref={list} className={`log-lines ${wrap === '1' ? 'wrap' : ''}`} role="list" aria-label="Log lines" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const entry = entries[row.index]!;
          const isOpen = opened.has(entry.key);
          const labels = columns.length > 0 ? allLabels(entry) : {};
          return (
            <div
              key={entry.key}
              role="listitem"
              data-index={row.index}
              ref={rows.measureElement}
              className={`log-row ${entry.key === target ? 'target' : ''}`}
              style={{ transform: `translateY(${row.start - top}px)` }}
            >
              <button type="button" className="log-line" aria-expanded={isOpen} onClick={() => !selecting() && toggle(entry.key)}>
                <span className="level-bar" style={{ background: levelColor(entry.level) }} title={entry.level} />
                <time className="num dim" dateTime={rfc3339Nano(entry.time)} title={rfc3339Nano(entry.time)}>
                  {lineTime(entry.time)}
                </time>
                {columns.map((name) => (
                  <span key={name} className="log-column" title={name}>
                    {labels[name] ?? ''}
                  </span>
                ))}
                <span className="log-text mono">
                  <span className="hidden-text">{entry.level}: </span>
                  {(json === '1' && prettyJson(entry.line)) || entry.line || <em className="dim">(empty line)</em>}
                </span>
              </button>
              {isOpen && <LogDetails entry={entry} columns={columns} state={state} onFilter={onFilter} onColumn={setColumn} />}
            </div>
          );
        })}
      </div>
      <div className="logs-foot">{foot}</div>
    </>
  );
}

/** Whether the click that ends here marked text, which shall not open the line. */
const selecting = () => (getSelection()?.toString() ?? '') !== '';
