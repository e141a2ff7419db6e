/** What a page takes from its board: only what shows a part is made again when that part changes. */

import type { ReactNode } from 'react';
import { useSyncExternalStore } from 'react';
import type { Board, BoardState } from './board';

type Watched = Pick<Board, 'watch' | 'snapshot'>;

/** `pick` must give the same object while nothing changes. */
export const useBoardPart = <T,>(board: Watched, pick: (state: BoardState) => T): T => useSyncExternalStore(board.watch, () => pick(board.snapshot()));

export const spanOf = ({ span }: BoardState) => span;
export const wholeOf = (state: BoardState) => state;

export function BoardPart<T>({ board, pick, children }: { board: Watched; pick: (state: BoardState) => T; children: (part: T) => ReactNode }) {
  return children(useBoardPart(board, pick));
}
