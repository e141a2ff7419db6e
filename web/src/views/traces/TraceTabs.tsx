import { Button, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { errorText } from '../../api/request';
import { Icon } from '../../parts/Icon';
import { PageHead } from '../../parts/PageHead';
import { Tabs } from '../../parts/Tabs';
import { openFile } from '../../traces/opened';
import { traceIdIn } from '../../traces/query';
import { traceLink } from '../../url/traces';

const tabs = [
  { value: 'search', label: 'Search', href: '/traces' },
  { value: 'map', label: 'Service map', href: '/traces/map' },
  { value: 'compare', label: 'Compare', href: '/traces/compare' },
];

/** A button that opens a trace from a file, and says why when it cannot. */
export function OpenFile() {
  const [, navigate] = useLocation();
  const field = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<'idle' | 'reading' | { failed: string }>('idle');
  const open = async (file: File) => {
    setState('reading');
    try {
      const ref = await openFile(file);
      setState('idle');
      navigate(traceLink(ref));
    } catch (error) {
      setState({ failed: errorText(error) });
    }
  };
  return (
    <>
      <input
        ref={field}
        type="file"
        accept=".json,.jsonl,application/json"
        hidden
        aria-label="A file with a trace"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // The same file may be chosen again.
          event.currentTarget.value = '';
          if (file) void open(file);
        }}
      />
      <Button variant="default" loading={state === 'reading'} onClick={() => field.current?.click()} leftSection={<Icon name="upload" size={13} />} title="Shows a trace in OTLP’s JSON from a file; it is not sent anywhere">
        Open file
      </Button>
      {typeof state === 'object' && (
        <span role="alert" className="tone-bad">
          {state.failed}
        </span>
      )}
    </>
  );
}

function GoTo() {
  const [, navigate] = useLocation();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        const id = traceIdIn(text);
        setWrong(id === null);
        if (id !== null) navigate(traceLink(id));
      }}
    >
      <TextInput
        aria-label="Trace ID"
        placeholder="Trace ID"
        value={text}
        error={wrong ? 'An id has 32 hexadecimal digits' : undefined}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setWrong(false);
        }}
        style={{ width: '12rem' }}
      />
      <Button type="submit" variant="default">
        Go
      </Button>
    </form>
  );
}

/** The heading of what concerns many traces. */
export function TracesHead({ here }: { here: 'search' | 'map' | 'compare' }) {
  return (
    <>
      <PageHead title="Traces">
        <GoTo />
        <OpenFile />
      </PageHead>
      <Tabs label="Views of traces" here={here} tabs={tabs} />
    </>
  );
}
