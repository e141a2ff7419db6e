import { Button, Checkbox, FileButton, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { DragEvent } from 'react';
import { useState } from 'react';
import { createDashboard, dashboards, readDashboard } from '../../api/dashboards';
import { errorText } from '../../api/request';
import { Icon } from '../../parts/Icon';
import { PageHead } from '../../parts/PageHead';
import './Dashboards.css';
import { droppedFiles, mostBytes, mostFiles } from './dropped';
import type { Item } from './ImportItem';
import { defaultInputs, ImportItem, isReady } from './ImportItem';
import { FolderSelect } from './NewDashboard';

let items = 0;

/** Dashboards from files or pasted JSON: read by the server, looked over, then kept. */
export default function Import() {
  const [list, setList] = useState<Item[]>([]);
  const [text, setText] = useState('');
  const [over, setOver] = useState(false);
  const [note, setNote] = useState('');
  const [folder, setFolder] = useState<string | null>(null);
  const [overwrite, setOverwrite] = useState(false);
  const [saving, setSaving] = useState(false);
  const client = useQueryClient();
  const { data } = useQuery(dashboards);

  const change = (id: number, next: Partial<Item>) => setList((before) => before.map((item) => (item.id === id ? { ...item, ...next } : item)));
  const add = async (name: string, content: string) => {
    const id = ++items;
    setList((before) => [...before, { id, name, state: 'reading', title: '', inputs: {} }]);
    try {
      const read = await readDashboard(content);
      change(id, { state: 'read', read, title: read.dashboard.title, inputs: defaultInputs(read.inputs) });
    } catch (error) {
      change(id, { state: 'refused', error });
    }
  };
  const addFiles = async (files: readonly File[]) => {
    const [taken, large] = [files.filter(({ size }) => size <= mostBytes).slice(0, mostFiles), files.filter(({ size }) => size > mostBytes)];
    setNote(
      [
        files.length === 0 ? 'There is no .json file among what was given.' : '',
        large.length > 0 ? `Larger than ${mostBytes / 1_000_000} MB and left out: ${large.map(({ name }) => name).join(', ')}.` : '',
        files.length >= mostFiles ? `Only the first ${mostFiles} files were taken.` : '',
      ].join(' ').trim(),
    );
    for (const file of taken) await add(file.webkitRelativePath || file.name, await file.text());
  };
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    try {
      await addFiles(await droppedFiles(event.dataTransfer));
    } catch (error) {
      setNote(`What was dropped cannot be read: ${errorText(error)}`);
    }
  };

  const ready = list.filter(isReady);
  const save = async () => {
    setSaving(true);
    for (const item of ready) {
      change(item.id, { state: 'saving' });
      try {
        const saved = await createDashboard({
          dashboard: { ...item.read!.dashboard, title: item.title.trim() },
          ...(folder ? { folder_uid: folder } : {}),
          overwrite,
          ...(Object.keys(item.inputs).length > 0 ? { inputs: item.inputs } : {}),
          message: `imported from ${item.name}`,
        });
        change(item.id, { state: 'saved', saved });
      } catch (error) {
        change(item.id, { state: 'read', error });
      }
    }
    setSaving(false);
    void client.invalidateQueries({ queryKey: ['dashboards'] });
  };

  return (
    <>
      <PageHead title="Import dashboards" />
      <div className="stack">
        {/* The same is done by the button and the field within. */}
        <div
          className={over ? 'drop over' : 'drop'}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => void drop(event)}
        >
          <div className="stack tight" style={{ alignItems: 'center' }}>
            <div>Drop dashboards from Grafana here, files or whole folders, of any version.</div>
            <FileButton multiple accept=".json,application/json" onChange={(files) => void addFiles(files)}>
              {(props) => (
                <Button {...props} leftSection={<Icon name="upload" size={13} />}>
                  Choose files
                </Button>
              )}
            </FileButton>
          </div>
        </div>
        <form
          className="stack tight"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() === '') return;
            void add('pasted text', text);
            setText('');
          }}
        >
          <Textarea label="Or paste a dashboard’s JSON" value={text} onChange={(event) => setText(event.currentTarget.value)} autosize minRows={3} maxRows={10} spellCheck={false} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} />
          <div>
            <Button type="submit" variant="default" disabled={text.trim() === ''}>
              Read it
            </Button>
          </div>
        </form>
        {note && (
          <div className="note warn" role="status">
            <Icon name="warning" />
            {note}
          </div>
        )}
        {list.map((item) => (
          <ImportItem key={item.id} item={item} change={(next) => change(item.id, next)} remove={() => setList((before) => before.filter(({ id }) => id !== item.id))} />
        ))}
        {list.some(({ state }) => state !== 'saved' && state !== 'refused') && (
          <section className="panel" aria-label="Where to keep them">
            <div className="body stack">
              <div className="import-fields">
                <FolderSelect folders={data?.folders ?? []} value={folder} onChange={setFolder} />
                <Checkbox label="Replace dashboards that are there with the same uid" checked={overwrite} onChange={(event) => setOverwrite(event.currentTarget.checked)} mt={{ sm: '1.5rem' }} />
              </div>
              <div>
                <Button onClick={() => void save()} loading={saving} disabled={ready.length === 0}>
                  {ready.length === 1 ? 'Import the dashboard' : `Import ${ready.length} dashboards`}
                </Button>
              </div>
            </div>
          </section>
        )}
      </div>
    </>
  );
}
