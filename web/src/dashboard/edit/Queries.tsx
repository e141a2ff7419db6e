import { ActionIcon, Button, NativeSelect, Switch, TextInput } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Icon } from '../../parts/Icon';
import type { DataSourceRef, Panel, Target } from '../model';
import { standIns } from './standins';

const PromqlEditor = lazy(() => import('../../editor/PromqlEditor'));
const LogqlEditor = lazy(() => import('../../editor/LogqlEditor'));
const TraceqlEditor = lazy(() => import('../../editor/TraceqlEditor'));

type Language = 'promql' | 'logql' | 'traceql';

const sources: { value: string; label: string; language: Language }[] = [
  { value: 'prometheus', label: 'Metrics (PromQL)', language: 'promql' },
  { value: 'loki', label: 'Logs (LogQL)', language: 'logql' },
  { value: 'tempo', label: 'Traces (TraceQL)', language: 'traceql' },
];

/** The next free letter: A to Z, then A1 and so on. */
export function nextRefId(targets: readonly Target[]): string {
  const taken = new Set(targets.map(({ refId }) => refId));
  for (let index = 0; ; index += 1) {
    const letter = String.fromCharCode(65 + (index % 26));
    const id = index < 26 ? letter : `${letter}${Math.floor(index / 26)}`;
    if (!taken.has(id)) return id;
  }
}

/** The kind of source of a target, when it names one; `null` for those that are not shown. */
function kindOf(target: Target, panel: Panel): string | null {
  const type = target.datasource?.type ?? panel.datasource?.type ?? 'prometheus';
  return type === 'datasource' ? (panel.targets?.length ? 'prometheus' : null) : type;
}

const formats = [
  { value: 'time_series', label: 'Time series' },
  { value: 'table', label: 'Table' },
  { value: 'heatmap', label: 'Heatmap' },
];

interface Props {
  panel: Panel;
  onChange: (change: (panel: Panel) => Panel, about: string) => void;
  /** Asks again, without waiting for the next refresh. */
  onRun: () => void;
}

/** The queries of a panel. */
export function Queries({ panel, onChange, onRun }: Props) {
  const targets = panel.targets ?? [];
  const put = (next: Target[], about: string) => onChange((before) => ({ ...before, targets: next }), `${panel.id}/targets/${about}`);
  const change = (index: number, next: Partial<Target>, about: string) => put(targets.map((each, at) => (at === index ? ({ ...each, ...next } as Target) : each)), `${index}/${about}`);
  return (
    <div className="stack">
      {targets.map((target, index) => {
        const kind = kindOf(target, panel);
        const source = sources.find(({ value }) => value === kind);
        const name = `Query ${target.refId}`;
        const text = source?.language === 'traceql' ? (typeof target.query === 'string' ? target.query : '') : (target.expr ?? '');
        const editor = { label: name, value: text, onChange: (next: string) => change(index, source?.language === 'traceql' ? { query: next } : { expr: next }, 'text'), onRun, standIns };
        return (
          <section key={target.refId} className="override" aria-label={name}>
            <div className="option-row">
              <strong>{target.refId}</strong>
              <NativeSelect
                aria-label={`Source of ${name}`}
                data={source ? sources : [...sources, { value: kind ?? '', label: `${kind ?? 'unknown'} (not shown)` }]}
                value={kind ?? ''}
                onChange={(event) => {
                  const next: DataSourceRef = { type: event.currentTarget.value, uid: event.currentTarget.value };
                  change(index, { datasource: { ...next } }, 'source');
                }}
              />
              <ActionIcon aria-pressed={target.hide === true} aria-label={target.hide ? `Show ${name}` : `Hide ${name}`} title={target.hide ? 'Show' : 'Hide'} onClick={() => change(index, { hide: !target.hide }, 'hide')}>
                <Icon name={target.hide ? 'eyeOff' : 'eye'} />
              </ActionIcon>
              <ActionIcon aria-label={`Copy ${name}`} title="Copy" onClick={() => put([...targets, { ...target, refId: nextRefId(targets) }], 'copy')}>
                <Icon name="copy" />
              </ActionIcon>
              <ActionIcon aria-label={`Remove ${name}`} title="Remove" onClick={() => put(targets.filter((_, at) => at !== index), 'remove')}>
                <Icon name="close" />
              </ActionIcon>
            </div>
            <Suspense fallback={<textarea className="small-input" aria-label={name} defaultValue={text} readOnly />}>
              {source?.language === 'promql' && <PromqlEditor {...editor} language="promql" />}
              {source?.language === 'logql' && <LogqlEditor {...editor} />}
              {source?.language === 'traceql' && <TraceqlEditor {...editor} />}
            </Suspense>
            {source && source.language !== 'traceql' && (
              <div className="option-row wrap">
                <TextInput label="Legend" placeholder="by itself, or such as {{instance}}" value={target.legendFormat === '__auto' ? '' : (target.legendFormat ?? '')} onChange={(event) => change(index, { legendFormat: event.currentTarget.value || '__auto' }, 'legend')} />
                <NativeSelect
                  label="Asked for"
                  data={[
                    { value: 'range', label: 'The range' },
                    { value: 'instant', label: 'The last moment' },
                    { value: 'both', label: 'Both' },
                  ]}
                  value={target.instant && target.range ? 'both' : target.instant || target.queryType === 'instant' ? 'instant' : 'range'}
                  onChange={(event) => {
                    const kindOfQuery = event.currentTarget.value;
                    change(index, source.language === 'logql' ? { queryType: kindOfQuery === 'instant' ? 'instant' : 'range' } : { instant: kindOfQuery !== 'range', range: kindOfQuery !== 'instant' }, 'kind');
                  }}
                />
                {source.language === 'promql' && <NativeSelect label="Format" data={formats} value={target.format ?? 'time_series'} onChange={(event) => change(index, { format: event.currentTarget.value }, 'format')} />}
                <TextInput label="Least step" placeholder="15s" value={target.interval ?? ''} onChange={(event) => change(index, { interval: event.currentTarget.value || undefined }, 'interval')} />
                {source.language === 'promql' && <Switch label="Exemplars" checked={target.exemplar === true} onChange={(event) => change(index, { exemplar: event.currentTarget.checked }, 'exemplar')} />}
              </div>
            )}
          </section>
        );
      })}
      <div className="option-row">
        <Button
          variant="default"
          leftSection={<Icon name="plus" size={13} />}
          onClick={() => {
            const last = targets.at(-1);
            const datasource = last?.datasource ?? panel.datasource ?? { type: 'prometheus', uid: 'prometheus' };
            put([...targets, { refId: nextRefId(targets), datasource, expr: '' }], 'add');
          }}
        >
          Query
        </Button>
        <Button variant="default" leftSection={<Icon name="again" size={13} />} onClick={onRun}>
          Run
        </Button>
      </div>
    </div>
  );
}
