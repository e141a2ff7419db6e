import { useMemo } from 'react';
import type { PageShortcut } from '../../shell/shortcuts';
import { usePageShortcuts } from '../../shell/shortcuts';
import type { Editing } from '../edit/use-editing';
import type { Calendar } from '../time';
import type { Section, ShownPanel } from '../variables';
import type { Board, PanelSource } from './board';
import { copyText, pastedText } from './copy-text';
import { shifted, zoomedIn, zoomedOut } from './shift';
import { rangeOfText, textOfRange } from './time-text';
import type { Address } from './use-address';
import { panelAtHand, usePanelShortcuts } from './use-panel-shortcuts';

/** Lists of choices stay in the page while they are shut. */
const somethingIsOpen = () => [...document.querySelectorAll('[role="dialog"], [role="menu"], [role="listbox"]')].some((element) => element.checkVisibility());

interface Given {
  board: PanelSource & Pick<Board, 'snapshot' | 'refresh'>;
  address: Address;
  editing: Editing;
  calendar: Calendar;
  find: (key: string | null) => ShownPanel | undefined;
  fold: (which: readonly Section[], shut: boolean) => void;
  shareAddress: (fixed: boolean, viewPanel: string) => string;
}

/** Grafana's keys of a dashboard. */
export function useDashboardShortcuts({ board, address, editing, calendar, find, fold, shareAddress }: Given) {
  const { url, raw, change, setRange } = address;
  const isEditingPanel = url.editPanel !== null;
  const ofPanels = usePanelShortcuts({ board, find, editing, shareAddress, raw, isEditingPanel });
  const { draft, isEditing } = editing;
  const shortcuts = useMemo((): readonly PageShortcut[] => {
    const closePanel = () => {
      editing.begin();
      change({ editPanel: null });
    };
    const paste = async () => {
      const text = await pastedText('A range of time, such as now-1h to now');
      if (text === null) return;
      const { raw: next, error } = rangeOfText(text, Date.now(), board.snapshot().zone, calendar);
      if (next) setRange(next);
      else window.alert(`The range is not changed. ${error}`);
    };
    const ofEditing: PageShortcut[] = [
      { keys: 'Ctrl+s', what: 'Save the dashboard', inFields: true, act: () => (editing.dialog === null && draft.isChanged ? editing.open('save') : undefined) },
      { keys: 'Ctrl+z', what: 'Undo', act: () => draft.canUndo && !somethingIsOpen() && draft.undo() },
      { keys: 'Ctrl+Shift+z', also: ['Ctrl+y'], what: 'Redo', act: () => draft.canRedo && !somethingIsOpen() && draft.redo() },
    ];
    return [
      ...(isEditing || draft.isChanged || isEditingPanel ? ofEditing : []),
      { keys: 'd r', what: 'Refresh', act: () => board.refresh() },
      { keys: 'd k', what: 'Kiosk mode: only the panels', act: () => change({ kiosk: !url.kiosk }) },
      { keys: 'd e', also: ['d E'], what: 'Unfold all rows', act: () => fold(board.snapshot().sections, false) },
      { keys: 'd C', what: 'Fold all rows', act: () => fold(board.snapshot().sections, true) },
      { keys: 'd s', what: 'Settings of the dashboard', act: () => (editing.begin(), editing.open('settings')) },
      { keys: 't z', also: ['t -'], what: 'Twice the range of time', act: () => setRange(zoomedOut(raw, board.snapshot().span, Date.now())) },
      { keys: 't +', what: 'Half the range of time', act: () => setRange(zoomedIn(raw, board.snapshot().span)) },
      { keys: 't ArrowLeft', what: 'Earlier by half the range', act: () => setRange(shifted(board.snapshot().span, -1)) },
      { keys: 't ArrowRight', what: 'Later by half the range', act: () => setRange(shifted(board.snapshot().span, 1)) },
      { keys: 't c', what: 'Copy the range of time', act: () => void copyText(textOfRange(raw), 'The range of time') },
      { keys: 't v', what: 'Paste a range of time', act: () => void paste() },
      {
        keys: 'v',
        what: 'The panel at hand in full',
        act: () => {
          const key = url.viewPanel === null ? panelAtHand() : null;
          if (isEditingPanel || (key === null && url.viewPanel === null)) return false;
          change({ viewPanel: key });
          return true;
        },
      },
      {
        keys: 'e',
        what: 'Edit the panel at hand, and back',
        act: () => {
          if (isEditingPanel) {
            closePanel();
            return true;
          }
          const shown = find(panelAtHand());
          if (!shown || shown.isCopy) return false;
          editing.begin();
          change({ editPanel: String(shown.panel.id), viewPanel: null });
          return true;
        },
      },
      {
        keys: 'i',
        what: 'Inspect the panel at hand',
        act: () => {
          const key = panelAtHand();
          if (key === null) return false;
          change({ inspect: key, inspectTab: 'data' });
          return true;
        },
      },
      ...ofPanels,
      {
        keys: 'Escape',
        what: 'Back from the panel’s editor, the full panel, or kiosk mode',
        act: () => {
          if (somethingIsOpen() || (!isEditingPanel && url.viewPanel === null && !url.kiosk)) return false;
          if (isEditingPanel) closePanel();
          else change(url.viewPanel !== null ? { viewPanel: null } : { kiosk: false });
          return true;
        },
      },
    ];
  }, [board, calendar, change, draft, editing, find, fold, isEditing, isEditingPanel, ofPanels, raw, setRange, url.kiosk, url.viewPanel]);
  usePageShortcuts(shortcuts);
}
