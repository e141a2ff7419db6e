import { Alert, Button, Modal, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { DashboardMeta, LoadedDashboard } from '../../api/dashboards';
import { createDashboard, dashboards, saveDashboard } from '../../api/dashboards';
import type { Dashboard } from '../model';
import type { Change } from './diff';
import { changes } from './diff';

interface Props {
  before: Dashboard;
  draft: Dashboard;
  meta: DashboardMeta;
  onSaved: (loaded: LoadedDashboard) => void;
  onClose: () => void;
}

/** Lines of changes that are listed; the rest is counted. */
const listed = 40;

export function ChangeList({ found }: { found: Change[] }) {
  if (found.length === 0) return <p className="dim">Nothing differs.</p>;
  return (
    <>
      <table className="changes">
        <thead>
          <tr>
            <th>Where</th>
            <th>What</th>
            <th>Before</th>
            <th>After</th>
          </tr>
        </thead>
        <tbody>
          {found.slice(0, listed).map((change, index) => (
            <tr key={index}>
              <td>{change.where}</td>
              <td>
                <code>{change.path || 'panel'}</code>
              </td>
              <td className="removed">{change.before ?? ''}</td>
              <td className="added">{change.after ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.length > listed && <p className="dim">and {found.length - listed} more</p>}
    </>
  );
}

/** Saves the draft as the next version, or as a dashboard of its own. */
export function SaveDialog({ before, draft, meta, onSaved, onClose }: Props) {
  const ofFile = meta.source === 'file';
  const [asCopy, setAsCopy] = useState(ofFile);
  const [title, setTitle] = useState(ofFile ? `${draft.title} (copy)` : draft.title);
  const [folder, setFolder] = useState(meta.folder?.uid ?? '');
  const [message, setMessage] = useState('');
  const [failure, setFailure] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const list = useQuery(dashboards);
  const client = useQueryClient();
  const found = changes(before, { ...draft, title: asCopy ? before.title : draft.title });
  const folders = (list.data?.folders ?? []).map((each) => ({ value: each.uid, label: each.title }));
  const save = async () => {
    setSaving(true);
    setFailure(null);
    try {
      const words = message.trim() === '' ? {} : { message: message.trim() };
      const where = folder === '' ? {} : { folder_uid: folder };
      const loaded = asCopy ? await createDashboard({ dashboard: { ...draft, uid: undefined, id: undefined, version: undefined, title }, ...where, ...words }) : await saveDashboard(meta.uid, { dashboard: draft, version: meta.version, ...where, ...words });
      client.setQueryData(['dashboards', 'one', loaded.meta.uid], loaded);
      await client.invalidateQueries({ queryKey: ['dashboards', 'list'] });
      await client.invalidateQueries({ queryKey: ['dashboards', 'versions', loaded.meta.uid] });
      onSaved(loaded);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
      setSaving(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={asCopy ? 'Save as a copy' : `Save ${draft.title}`} size="lg">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {ofFile && (
          <Alert color="yellow" title="This dashboard is of a file">
            {meta.file} is read by Phoenix and not written. Save a copy here, or export the draft and put it in the file's place.
          </Alert>
        )}
        {asCopy && <TextInput label="Title" required data-autofocus value={title} onChange={(event) => setTitle(event.currentTarget.value)} />}
        <NativeSelect label="Folder" data={[{ value: '', label: 'None' }, ...folders]} value={folder} onChange={(event) => setFolder(event.currentTarget.value)} />
        <Textarea label="What changed, for others" autosize minRows={1} value={message} onChange={(event) => setMessage(event.currentTarget.value)} {...(asCopy ? {} : { 'data-autofocus': true })} />
        <details open={found.length > 0 && found.length <= 12}>
          <summary>{found.length === 1 ? '1 change' : `${found.length} changes`}</summary>
          <ChangeList found={found} />
        </details>
        {failure && (
          <Alert color="red" title="Not saved">
            {failure}
          </Alert>
        )}
        <div className="row">
          <Button type="submit" loading={saving} disabled={asCopy && title.trim() === ''}>
            Save
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <span className="grow" />
          {!ofFile && (
            <Button variant="subtle" onClick={() => setAsCopy(!asCopy)}>
              {asCopy ? 'Save this one instead' : 'Save as a copy instead'}
            </Button>
          )}
        </div>
      </form>
    </Modal>
  );
}
