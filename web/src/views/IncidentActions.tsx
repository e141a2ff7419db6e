import { Button, Modal, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Incident } from '../api/phoenix';
import { acknowledge, addNote, resolve } from '../api/phoenix';
import { Failure } from '../parts/Answer';
import { useRemembered } from '../parts/remembered';

export type IncidentAction = 'acknowledge' | 'resolve';

const words = {
  acknowledge: { title: 'Acknowledge', button: 'Acknowledge', what: 'Nobody else will be paged; the incident stays open under your name.' },
  resolve: { title: 'Resolve', button: 'Resolve', what: 'Closes the incident. Should its alerts still fire, it may be opened again.' },
} as const;

/** Asks who acts and, if they like, what they say; this browser remembers who. */
export function ActDialog({ incident, action, close }: { incident: Incident; action: IncidentAction | null; close: () => void }) {
  return (
    <Modal opened={action !== null} onClose={close} title={action ? `${words[action].title} ${incident.id}` : ''} closeButtonProps={{ 'aria-label': 'Close' }}>
      {action && <ActForm key={action} incident={incident} action={action} close={close} />}
    </Modal>
  );
}

function ActForm({ incident, action, close }: { incident: Incident; action: IncidentAction; close: () => void }) {
  const client = useQueryClient();
  const [remembered, remember] = useRemembered('who');
  const [who, setWho] = useState(remembered);
  const [note, setNote] = useState('');
  const [tried, setTried] = useState(false);
  const act = useMutation({
    mutationFn: () => (action === 'acknowledge' ? acknowledge : resolve)(incident.id, who.trim(), note.trim() || undefined),
    onSuccess: async () => {
      remember(who.trim());
      close();
      await Promise.all(['incidents', 'home'].map((key) => client.invalidateQueries({ queryKey: [key] })));
    },
  });
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (who.trim() !== '') act.mutate();
      }}
    >
      <div>{words[action].what}</div>
      <TextInput label="Your name" required value={who} onChange={(event) => setWho(event.currentTarget.value)} error={tried && who.trim() === '' && 'Say who you are: the timeline keeps it'} data-autofocus={remembered === '' || undefined} />
      <Textarea label="Note" placeholder="What you know or will do (may stay empty)" autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} data-autofocus={remembered !== '' || undefined} />
      {act.error && <Failure error={act.error} />}
      <div className="row">
        <Button type="submit" loading={act.isPending}>
          {words[action].button}
        </Button>
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** A note for the timeline; asks who writes only when this browser does not know. */
export function NoteForm({ id }: { id: string }) {
  const client = useQueryClient();
  const [remembered, remember] = useRemembered('who');
  const [typed, setWho] = useState<string | null>(null);
  const who = typed ?? remembered;
  const [text, setText] = useState('');
  const ready = text.trim() !== '' && who.trim() !== '';
  const add = useMutation({
    mutationFn: () => addNote(id, who.trim(), text.trim()),
    onSuccess: async () => {
      remember(who.trim());
      setText('');
      await client.invalidateQueries({ queryKey: ['incidents'] });
    },
  });
  return (
    <form
      className="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) add.mutate();
      }}
    >
      <Textarea
        aria-label="Note"
        placeholder="Add a note to the timeline"
        autosize
        minRows={1}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && ready) add.mutate();
        }}
      />
      {text.trim() !== '' && (
        <div className="row wrap">
          <TextInput aria-label="Your name" placeholder="Your name" value={who} onChange={(event) => setWho(event.currentTarget.value)} />
          <Button type="submit" variant="default" disabled={!ready} loading={add.isPending}>
            Add note
          </Button>
        </div>
      )}
      {add.error && <Failure error={add.error} />}
    </form>
  );
}
