import { Button, Modal, Select, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Folder } from '../../api/dashboards';
import { createDashboard, dashboardPath } from '../../api/dashboards';
import { Failure } from '../../parts/Answer';
import { folderTitle } from './folders';

/** The choice of a folder; none is a choice too. */
export function FolderSelect({ folders, value, onChange }: { folders: readonly Folder[]; value: string | null; onChange: (uid: string | null) => void }) {
  return (
    <Select
      label="Folder"
      placeholder="No folder"
      data={folders.map(({ uid }) => ({ value: uid, label: folderTitle(uid, folders) }))}
      value={value}
      onChange={onChange}
      clearable
      searchable
      clearButtonProps={{ 'aria-label': 'No folder' }}
      nothingFoundMessage="There is no such folder"
    />
  );
}

/** Asks for the name of a dashboard and makes it, empty. */
export function NewDashboard({ folders, close }: { folders: readonly Folder[]; close: () => void }) {
  const [title, setTitle] = useState('');
  const [folder, setFolder] = useState<string | null>(null);
  const [, go] = useLocation();
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => createDashboard({ dashboard: { title: title.trim(), panels: [], time: { from: 'now-6h', to: 'now' } }, ...(folder ? { folder_uid: folder } : {}) }),
    onSuccess: ({ meta, dashboard }) => {
      void client.invalidateQueries({ queryKey: ['dashboards'] });
      go(dashboardPath(meta.uid, dashboard.title));
    },
  });
  return (
    <Modal opened onClose={close} title="New dashboard" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (title.trim() !== '' && !make.isPending) make.mutate();
        }}
      >
        <TextInput label="Title" value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus required />
        <FolderSelect folders={folders} value={folder} onChange={setFolder} />
        {make.error && <Failure error={make.error} />}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending} disabled={title.trim() === ''}>
            Make it
          </Button>
        </div>
      </form>
    </Modal>
  );
}
