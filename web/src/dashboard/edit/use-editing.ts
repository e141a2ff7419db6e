import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useMemo, useState } from 'react';
import type { LoadedDashboard } from '../../api/dashboards';
import type { Dashboard } from '../model';
import type { Draft } from './draft';
import { useDraft } from './draft';

/** Milliseconds without a change after which panels follow the draft. */
const settleMs = 350;

export type OpenDialog = 'settings' | 'save' | 'versions' | 'discard';

export interface Editing {
  draft: Draft;
  isEditing: boolean;
  begin: () => void;
  /** Leaves editing; changes that are not saved are given up. */
  leave: () => void;
  /** What the panels show: the draft, a moment after its last change. */
  shown: Dashboard;
  /** What was loaded last. */
  loaded: LoadedDashboard;
  dialog: OpenDialog | null;
  open: (dialog: OpenDialog | null) => void;
  /** Takes over what was saved, here or by someone else. */
  saved: (loaded: LoadedDashboard) => void;
}

/** The editing of a dashboard, which holds what was changed until it is saved. */
export function useEditing(given: LoadedDashboard): Editing {
  const [loaded, setLoaded] = useState(given);
  const draft = useDraft(given.dashboard);
  const [isEditing, setEditing] = useState(false);
  const [dialog, open] = useState<OpenDialog | null>(null);
  const [settled] = useDebouncedValue(draft.dashboard, settleMs);
  const { load, isChanged } = draft;

  // A newer one, as when its file changed, is shown at once; a draft with changes is kept, and saving tells of the conflict.
  if (given !== loaded && !isChanged) {
    setLoaded(given);
    load(given.dashboard);
  }
  useEffect(() => {
    if (!isChanged) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isChanged]);

  return useMemo(
    () => ({
      draft,
      isEditing,
      begin: () => setEditing(true),
      leave: () => {
        load(loaded.dashboard);
        setEditing(false);
        open(null);
      },
      shown: isChanged ? settled : draft.dashboard,
      loaded,
      dialog,
      open,
      saved: (next: LoadedDashboard) => {
        setLoaded(next);
        load(next.dashboard);
        open(null);
      },
    }),
    [draft, isEditing, settled, isChanged, loaded, dialog, load],
  );
}
