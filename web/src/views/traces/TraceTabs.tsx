import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { PageHead } from '../../parts/PageHead';
import { Tabs } from '../../parts/Tabs';
import { traceIdIn } from '../../traces/query';
import { traceLink } from '../../url/traces';
import { OpenButton, OpeningNote, useOpening } from './OpenFile';

const tabs = [
  { value: 'search', label: 'Search', href: '/traces' },
  { value: 'map', label: 'Service map', href: '/traces/map' },
  { value: 'compare', label: 'Compare', href: '/traces/compare' },
];

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
  const opening = useOpening();
  return (
    <>
      <PageHead title="Traces">
        <GoTo />
        <OpenButton opening={opening} />
      </PageHead>
      <OpeningNote opening={opening} />
      <Tabs label="Views of traces" here={here} tabs={tabs} />
    </>
  );
}
