import { TextInput, Tooltip } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Icon } from '../../parts/Icon';
import { scrapeMs } from '../data';
import type { Dashboard, Variable } from '../model';
import type { TimeSpan } from '../panel';
import type { Language, LoadedVariables, VariableValue } from '../variables';
import { all, isAll, isSearched, resolveDataSource, searchOptions, writeFilter } from '../variables';
import { AdhocFilters } from './AdhocFilters';
import { VariableSelect } from './VariableSelect';

interface Props {
  dashboard: Dashboard;
  variables: LoadedVariables;
  loading: boolean;
  span: () => TimeSpan;
  zone: string;
  /** The values for the address, by the variable's name. */
  onChoose: (name: string, values: string[]) => void;
}

const list = <T,>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
const hidden = (variable: Variable) => variable.hide === 2 || variable.type === 'constant' || variable.type === 'snapshot';

/** The choices of a dashboard's variables. */
export function VariablesBar({ onChoose, ...rest }: Props) {
  const shown = (rest.dashboard.templating?.list ?? []).filter((variable) => !hidden(variable));
  return (
    <>
      {shown.map((variable) => (
        <One key={variable.name} variable={variable} {...rest} onChoose={(values) => onChoose(variable.name, values)} />
      ))}
    </>
  );
}

function One({ variable, dashboard, variables, loading, span, zone, onChoose }: { variable: Variable; onChoose: (values: string[]) => void } & Omit<Props, 'onChoose'>) {
  const value: VariableValue | undefined = variables.state[variable.name];
  const problem = variables.problems[variable.name];
  const label = variable.label || variable.name;
  const id = `variable-${variable.name}`;
  return (
    <div className="dash-variable">
      {variable.hide !== 1 && (
        <label htmlFor={variable.type === 'adhoc' ? undefined : id}>
          {label}
          {variable.description && (
            <Tooltip label={variable.description} multiline maw={360} events={{ hover: true, focus: true, touch: true }}>
              <button type="button" className="plain-button about" aria-label={`About ${label}: ${variable.description}`}>
                <Icon name="info" size={12} />
              </button>
            </Tooltip>
          )}
        </label>
      )}
      <Control id={id} label={label} variable={variable} value={value} problem={problem} dashboard={dashboard} variables={variables} loading={loading} span={span} zone={zone} onChoose={onChoose} />
    </div>
  );
}

interface ControlProps {
  id: string;
  label: string;
  variable: Variable;
  value: VariableValue | undefined;
  problem: string | undefined;
  dashboard: Dashboard;
  variables: LoadedVariables;
  loading: boolean;
  span: () => TimeSpan;
  zone: string;
  onChoose: (values: string[]) => void;
}

function Control({ id, label, variable, value, problem, dashboard, variables, loading, span, zone, onChoose }: ControlProps) {
  const find = useMemo(
    () => (isSearched(variable) ? (text: string, signal: AbortSignal) => searchOptions(variable, text, dashboard, variables, span(), { timeZone: zone, scrapeMs: scrapeMs(), signal }) : undefined),
    [variable, dashboard, variables, span, zone],
  );
  if (variable.type === 'adhoc') {
    const source = resolveDataSource(variable.datasource, dashboard, variables.state);
    if (source.kind !== 'language') return <span className="tone-warn">{source.kind === 'problem' ? source.problem : 'not shown: its data source has no labels'}</span>;
    const language: Language = source.language;
    return <AdhocFilters label={label} language={language} filters={value?.filters ?? []} onChange={(filters) => onChoose(filters.length === 0 ? [''] : filters.map(writeFilter))} />;
  }
  if (variable.type === 'textbox') return <TextBox key={String(value?.value ?? '')} id={id} label={label} value={String(value?.value ?? '')} onChoose={(text) => onChoose([text])} />;
  const chosen = value ? list(value.value) : [];
  const shown = value ? (isAll(value.value) ? 'All' : list(value.text).join(' + ')) : '';
  return (
    <VariableSelect
      id={id}
      label={label}
      options={value?.options ?? []}
      chosen={chosen}
      shown={shown}
      multi={variable.multi === true || variable.type === 'groupby'}
      includeAll={variable.includeAll === true || chosen.includes(all)}
      allowCustom={variable.allowCustomValue !== false && variable.type !== 'datasource' && variable.type !== 'interval' && variable.type !== 'switch'}
      loading={loading && value === undefined}
      error={problem}
      find={find}
      onChoose={(values) => onChoose(values.length === 0 ? [''] : values)}
    />
  );
}

function TextBox({ id, label, value, onChoose }: { id: string; label: string; value: string; onChoose: (text: string) => void }) {
  const [text, setText] = useState(value);
  const take = () => {
    if (text !== value) onChoose(text);
  };
  return <TextInput id={id} aria-label={label} value={text} onChange={(event) => setText(event.currentTarget.value)} onBlur={take} onKeyDown={(event) => event.key === 'Enter' && take()} w={140} spellCheck={false} />;
}
