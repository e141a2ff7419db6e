import { ActionIcon, Button, NativeSelect } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { isLogQuery } from '../logs/edit';
import { Icon } from '../parts/Icon';
import type { ExploreQuery } from '../url/explore';
import { logsLink } from '../url/logs';

const PromqlEditor = lazy(() => import('../editor/PromqlEditor'));
const LogqlEditor = lazy(() => import('../editor/LogqlEditor'));

interface Props {
  index: number;
  query: ExploreQuery;
  draft: string;
  alone: boolean;
  onDraft: (text: string) => void;
  onRun: (text: string) => void;
  onLanguage: (language: string) => void;
  onToggle: () => void;
  onRemove: () => void;
  onFormat: () => Promise<void>;
}

const languages = [
  { value: 'promql', label: 'PromQL' },
  { value: 'logql', label: 'LogQL' },
];

export const queryLetter = (index: number) => String.fromCharCode(65 + (index % 26));

export function QueryRow({ index, query, draft, alone, onDraft, onRun, onLanguage, onToggle, onRemove, onFormat }: Props) {
  // Whoever begins to type before the editor has been fetched goes on typing in it.
  const [early, setEarly] = useState(false);
  const name = `Query ${queryLetter(index)}`;
  return (
    <div className={`query-row ${query.hidden ? 'off' : ''}`}>
      <span className="letter" aria-hidden="true">
        {queryLetter(index)}
      </span>
      <div>
        <Suspense fallback={<textarea className="small-input" style={{ width: '100%', display: 'block', resize: 'none' }} aria-label={name} value={draft} onFocus={() => setEarly(true)} onChange={(event) => onDraft(event.currentTarget.value)} />}>
          {query.language === 'logql' ? (
            <LogqlEditor focus={early} label={name} value={draft} onChange={onDraft} onRun={onRun} />
          ) : (
            <PromqlEditor focus={early} label={name} value={draft} language={query.language} onChange={onDraft} onRun={onRun} />
          )}
        </Suspense>
        {query.language === 'logql' && isLogQuery(draft) && (
          <div className="dim">
            This gives lines, not numbers. <Link href={logsLink(draft)}>Show them in Logs</Link>
          </div>
        )}
      </div>
      <div className="buttons">
        <NativeSelect
          size="xs"
          aria-label={`Language of ${name}`}
          value={query.language}
          data={languages.some(({ value }) => value === query.language) ? languages : [...languages, query.language]}
          onChange={(event) => onLanguage(event.currentTarget.value)}
        />
        <Button variant="subtle" color="gray" size="compact-sm" onClick={() => void onFormat().catch(() => undefined)} title="Write the expression in the usual layout">
          Format
        </Button>
        <ActionIcon onClick={onToggle} aria-pressed={query.hidden} aria-label={query.hidden ? `Show ${name}` : `Hide ${name}`} title={query.hidden ? 'Show' : 'Hide'}>
          <Icon name={query.hidden ? 'eyeOff' : 'eye'} />
        </ActionIcon>
        {!alone && (
          <ActionIcon onClick={onRemove} aria-label={`Remove ${name}`} title="Remove">
            <Icon name="close" />
          </ActionIcon>
        )}
      </div>
    </div>
  );
}
