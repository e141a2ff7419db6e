import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { errorText } from '../../api/request';
import { quantity } from '../../format/quantity';
import { Icon } from '../../parts/Icon';
import { openFile } from '../../traces/opened';
import { traceLink } from '../../url/traces';

/** What is being done about a file that people chose or dropped. */
export interface Opening {
  state: 'idle' | { reading: File } | { failed: string };
  open: (files: FileList | null | undefined) => void;
  /** Stops the reading, or puts the message of a failure away. */
  stop: () => void;
}

export function useOpening(): Opening {
  const [, navigate] = useLocation();
  const [state, setState] = useState<Opening['state']>('idle');
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const read = async (file: File) => {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    setState({ reading: file });
    try {
      const ref = await openFile(file, own.signal);
      if (own.signal.aborted) return;
      setState('idle');
      navigate(traceLink(ref));
    } catch (error) {
      if (!own.signal.aborted) setState({ failed: errorText(error) });
    }
  };
  return {
    state,
    open: (files) => {
      const file = files?.[0];
      if (!file) return;
      if (files.length > 1) setState({ failed: 'One file at a time can be opened; open the others after it' });
      else void read(file);
    },
    stop: () => {
      running.current?.abort();
      setState('idle');
    },
  };
}

const explained = 'Shows traces from a file (JSON of OTLP, Jaeger or Zipkin). It is read in this browser and not sent anywhere.';

export function OpenButton({ opening }: { opening: Opening }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={field}
        type="file"
        accept=".json,.jsonl,.ndjson,application/json"
        hidden
        aria-label="A file with traces"
        onChange={(event) => {
          opening.open(event.currentTarget.files);
          // The same file may be chosen again.
          event.currentTarget.value = '';
        }}
      />
      <Button variant="default" loading={typeof opening.state === 'object' && 'reading' in opening.state} onClick={() => field.current?.click()} leftSection={<Icon name="upload" size={13} />} title={explained}>
        Open file
      </Button>
    </>
  );
}

/** Takes files that are dropped anywhere on the page, and tells how the reading goes. */
export function OpeningNote({ opening }: { opening: Opening }) {
  const isOver = useDrop(opening.open);
  const { state } = opening;
  return (
    <>
      {isOver && (
        <div className="drop-here" role="status">
          <div>
            <Icon name="upload" size={22} />
            <strong>Drop a file with traces</strong>
            <span>JSON of OTLP, Jaeger or Zipkin. It is read in this browser and not sent anywhere.</span>
          </div>
        </div>
      )}
      {typeof state === 'object' && 'reading' in state && (
        <div className="note opening-note" role="status">
          <Icon name="clock" />
          <span className="grow">
            Reading {state.reading.name} ({quantity(state.reading.size, 'bytes')})…
          </span>
          <Button variant="default" size="compact-xs" onClick={opening.stop}>
            Stop
          </Button>
        </div>
      )}
      {typeof state === 'object' && 'failed' in state && (
        <div className="note bad opening-note" role="alert">
          <Icon name="cross" />
          <span className="grow">{state.failed}</span>
          <Button variant="default" size="compact-xs" onClick={opening.stop}>
            Close
          </Button>
        </div>
      )}
    </>
  );
}

/** Whether files are being dragged over the page; hands over those that are dropped. */
function useDrop(onDrop: (files: FileList) => void): boolean {
  const [isOver, setOver] = useState(false);
  const drop = useRef(onDrop);
  useEffect(() => {
    drop.current = onDrop;
  });
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = 'copy';
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      // Between two elements it only moves on.
      if (event.relatedTarget === null) setOver(false);
    };
    const take = (event: DragEvent) => {
      setOver(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      drop.current(event.dataTransfer!.files);
    };
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', take);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', take);
    };
  }, []);
  return isOver;
}
