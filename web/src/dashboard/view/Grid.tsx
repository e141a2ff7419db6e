import type { CSSProperties, ReactNode } from 'react';
import { useMemo, useState } from 'react';
import { Icon } from '../../parts/Icon';
import type { Panel } from '../model';
import type { Placed, Section } from './layout';
import { pixels, sections } from './layout';

interface Props {
  panels: readonly Panel[];
  /** Tells copies of one panel apart. */
  keyOf: (panel: Panel) => string;
  titleOf: (panel: Panel) => string;
  children: (panel: Panel) => ReactNode;
  /** Which rows are folded or not, other than they were saved. */
  folds: Folds;
}

/** By the row's key: `true` is folded. */
export interface Folds {
  of: Readonly<Record<string, boolean>>;
  set: (key: string, folded: boolean) => void;
}

/** What the reader folded and unfolded, until the page is left. */
export function useFolds(): Folds & { setAll: (keys: readonly string[], folded: boolean) => void } {
  const [of, setOf] = useState<Record<string, boolean>>({});
  return useMemo(
    () => ({
      of,
      set: (key: string, folded: boolean) => setOf((before) => ({ ...before, [key]: folded })),
      setAll: (keys: readonly string[], folded: boolean) => setOf(Object.fromEntries(keys.map((key) => [key, folded]))),
    }),
    [of],
  );
}

export const isFolded = (row: Panel, key: string, folds: Folds) => folds.of[key] ?? row.collapsed === true;

/** Panels on Grafana's grid of 24 columns, in sections below the rows that can be folded. */
export function Grid({ panels, keyOf, titleOf, children, folds }: Props) {
  const parts = useMemo(() => sections(panels), [panels]);
  return (
    <div className="dash-sections">
      {parts.map((section) => (section.row === null ? <Cells key="" placed={section.placed} keyOf={keyOf}>{children}</Cells> : <Row key={keyOf(section.row)} section={section} row={section.row} keyOf={keyOf} titleOf={titleOf} folds={folds}>{children}</Row>))}
    </div>
  );
}

function Row({ section, row, keyOf, titleOf, folds, children }: { section: Section; row: Panel } & Pick<Props, 'keyOf' | 'titleOf' | 'folds' | 'children'>) {
  const key = keyOf(row);
  const folded = isFolded(row, key, folds);
  const title = titleOf(row) || 'Row';
  const count = section.placed.length;
  return (
    <section aria-label={title} className="dash-row">
      <h2>
        <button type="button" className="plain-button" aria-expanded={!folded} onClick={() => folds.set(key, !folded)}>
          <span className={folded ? 'turn' : 'turn open'}>
            <Icon name="right" size={13} />
          </span>
          {title}
          {folded && <span className="dim"> {count === 1 ? '1 panel' : `${count} panels`}</span>}
        </button>
      </h2>
      {!folded && count > 0 && <Cells placed={section.placed} keyOf={keyOf}>{children}</Cells>}
    </section>
  );
}

/** The size of a cell where panels stand below each other, as on a phone. */
type CellStyle = CSSProperties & { '--panel-height': string };

function Cells({ placed, keyOf, children }: { placed: Placed[] } & Pick<Props, 'keyOf' | 'children'>) {
  return (
    <div className="dash-grid">
      {placed.map(({ panel, x, y, w, h }) => {
        const style: CellStyle = { gridColumn: `${x + 1} / span ${w}`, gridRow: `${y + 1} / span ${h}`, '--panel-height': `${pixels(h)}px` };
        return (
          <div key={keyOf(panel)} className="dash-cell" style={style}>
            {children(panel)}
          </div>
        );
      })}
    </div>
  );
}
