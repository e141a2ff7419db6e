import { ActionIcon, Button, CopyButton } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { selectorFor } from '../../logs/edit';
import type { Entry } from '../../logs/entries';
import { allLabels, prettyJson } from '../../logs/entries';
import { Icon } from '../../parts/Icon';
import type { LogsState } from '../../url/logs';
import { aroundEntry, logsLink } from '../../url/logs';
import { traceIdIn } from '../../traces/query';
import { traceLink } from '../../url/traces';
import { quoted } from '../../logs/edit';
import { LogContext } from './LogContext';
import type { FilterBy } from './Logs';

interface Props {
  entry: Entry;
  columns: string[];
  state: LogsState;
  onFilter: (filter: FilterBy) => void;
  onColumn: (name: string) => void;
}

const groups = [
  ['stream', 'Labels of the stream'],
  ['metadata', 'Structured metadata'],
  ['parsed', 'Fields of the line'],
] as const;

/** The names under which a trace is usually told. */
const traceNames = ['trace_id', 'traceID', 'traceId', 'traceid', 'TraceId'];

/** Whether the line itself can be taken apart, and by what. */
export const parserOf = (line: string) => (prettyJson(line) !== null ? 'json' : /(^|\s)[A-Za-z_][\w.]*=\S/.test(line) ? 'logfmt' : undefined);

export function LogDetails({ entry, columns, state, onFilter, onColumn }: Props) {
  const [context, setContext] = useState(false);
  const labels = allLabels(entry);
  const traceName = traceNames.find((name) => labels[name]);
  const trace = traceName ? labels[traceName] : /\b(?:trace_?id)"?[=:]\s*"?([0-9a-f]{16,32})\b/i.exec(entry.line)?.[1];
  const traceId = trace ? traceIdIn(trace) : null;
  const link = logsLink(state.query, { ...aroundEntry(entry.key), order: state.order, at: entry.key });
  return (
    <div className="log-details">
      <div className="row wrap">
        <CopyButton value={entry.line}>
          {({ copied, copy }) => (
            <Button variant="default" size="compact-xs" onClick={copy}>
              {copied ? 'Copied' : 'Copy line'}
            </Button>
          )}
        </CopyButton>
        <CopyButton value={`${location.origin}${link}`}>
          {({ copied, copy }) => (
            <Button variant="default" size="compact-xs" onClick={copy} leftSection={<Icon name="link" size={12} />}>
              {copied ? 'Link copied' : 'Copy link to this line'}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" size="compact-xs" aria-pressed={context} onClick={() => setContext(!context)}>
          {context ? 'Hide lines around it' : 'Lines around it'}
        </Button>
        {traceId && (
          <Link href={traceLink(traceId)} className="row">
            <Icon name="traces" size={13} /> Trace {traceId.slice(0, 8)}…
          </Link>
        )}
        {trace && (
          <Link href={logsLink(`${selectorAll(entry)} |= ${quoted(trace)}`, { range: 3_600, end: Number(entry.time / 1_000_000_000n) + 1_800 })} className="row">
            <Icon name="search" size={13} /> All lines of trace {trace.slice(0, 8)}…
          </Link>
        )}
      </div>
      {context && <LogContext entry={entry} selector={selectorFor(entry.stream)} />}
      {groups.map(([where, title]) => {
        const names = Object.keys(entry[where]).sort();
        if (names.length === 0) return null;
        return (
          <section key={where}>
            <h3>{title}</h3>
            <table className="log-labels">
              <tbody>
                {names.map((name) => {
                  const value = entry[where][name]!;
                  const parser = where === 'parsed' ? parserOf(entry.line) : undefined;
                  return (
                    <tr key={name}>
                      <td className="nowrap">
                        <ActionIcon size="sm" onClick={() => onFilter({ where, name, value, negated: false, parser })} aria-label={`Only lines with ${name}=${value}`} title="Only lines with this value">
                          <Icon name="plus" size={12} />
                        </ActionIcon>
                        <ActionIcon size="sm" onClick={() => onFilter({ where, name, value, negated: true, parser })} aria-label={`No lines with ${name}=${value}`} title="No lines with this value">
                          <Icon name="close" size={12} />
                        </ActionIcon>
                        <ActionIcon size="sm" onClick={() => onColumn(name)} aria-pressed={columns.includes(name)} aria-label={`Column ${name}`} title="Show as a column">
                          <Icon name="rules" size={12} />
                        </ActionIcon>
                      </td>
                      <th scope="row">{name}</th>
                      <td className="mono log-value">{value}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </section>
        );
      })}
    </div>
  );
}

/** A selector that every stream meets which has a label that this one has too: where the lines of a trace may be. */
function selectorAll(entry: Entry): string {
  const name = ['service_name', 'job', 'app'].find((each) => entry.stream[each]) ?? Object.keys(entry.stream)[0];
  return name ? `{${name}=~".+"}` : '{service_name=~".+"}';
}
