import { useCallback, useMemo, useReducer } from 'react';
import type { Dashboard } from '../model';

/** The most steps that can be undone. */
const maxSteps = 100;

interface State {
  past: Dashboard[];
  present: Dashboard;
  future: Dashboard[];
  /** What the last change was about: further changes of the same make one step together. */
  about: string | null;
}

type Action = { type: 'change'; change: (dashboard: Dashboard) => Dashboard; about?: string } | { type: 'undo' } | { type: 'redo' } | { type: 'load'; dashboard: Dashboard };

export function step(state: State, action: Action): State {
  switch (action.type) {
    case 'change': {
      const present = action.change(state.present);
      if (present === state.present) return state;
      const about = action.about ?? null;
      const past = about !== null && about === state.about ? state.past : [...state.past, state.present].slice(-maxSteps);
      return { past, present, future: [], about };
    }
    case 'undo': {
      const last = state.past.at(-1);
      if (!last) return state;
      return { past: state.past.slice(0, -1), present: last, future: [state.present, ...state.future], about: null };
    }
    case 'redo': {
      const [next, ...future] = state.future;
      if (!next) return state;
      return { past: [...state.past, state.present], present: next, future, about: null };
    }
    case 'load':
      return begin(action.dashboard);
  }
}

export const begin = (dashboard: Dashboard): State => ({ past: [], present: dashboard, future: [], about: null });

export interface Draft {
  dashboard: Dashboard;
  /** Changes the draft. Changes with the same `about`, one after the other, are undone together. */
  change: (change: (dashboard: Dashboard) => Dashboard, about?: string) => void;
  undo: () => void;
  redo: () => void;
  canUndo: boolean;
  canRedo: boolean;
  /** Whether it differs from what was loaded. */
  isChanged: boolean;
  load: (dashboard: Dashboard) => void;
}

/** A dashboard that is being changed, with its steps back. */
export function useDraft(loaded: Dashboard): Draft {
  const [state, dispatch] = useReducer(step, loaded, begin);
  const change = useCallback((made: (dashboard: Dashboard) => Dashboard, about?: string) => dispatch({ type: 'change', change: made, ...(about === undefined ? {} : { about }) }), []);
  const undo = useCallback(() => dispatch({ type: 'undo' }), []);
  const redo = useCallback(() => dispatch({ type: 'redo' }), []);
  const load = useCallback((dashboard: Dashboard) => dispatch({ type: 'load', dashboard }), []);
  return useMemo(
    () => ({ dashboard: state.present, change, undo, redo, load, canUndo: state.past.length > 0, canRedo: state.future.length > 0, isChanged: state.past.length > 0 }),
    [state, change, undo, redo, load],
  );
}
