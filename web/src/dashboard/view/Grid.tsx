import type { CSSProperties, ReactNode } from 'react';
import { memo, useMemo } from 'react';
import { Icon } from '../../parts/Icon';
import type { Section, ShownPanel } from '../variables';
import { compact, pixels } from './layout';

interface Props {
  sections: readonly Section[];
  titleOf: (shown: ShownPanel) => string;
  isFolded: (section: Section) => boolean;
  onFold: (section: Section, folded: boolean) => void;
  /** What stands beside a row's title, where rows can be changed. */
  rowMenu?: (section: Section) => ReactNode;
  /** Must keep its identity while panels need not be drawn again. */
  children: (shown: ShownPanel) => ReactNode;
}

/** Panels on Grafana's grid of 24 columns, in sections below the rows that can be folded. */
export function Grid({ sections, titleOf, isFolded, onFold, rowMenu, children }: Props) {
  return (
    <div className="dash-sections">
      {sections.map((section) =>
        section.row === null ? (
          <Cells key={section.key} panels={section.panels}>
            {children}
          </Cells>
        ) : (
          <Row key={section.key} section={section} title={titleOf(section.row) || 'Row'} folded={isFolded(section)} onFold={onFold} rowMenu={rowMenu}>
            {children}
          </Row>
        ),
      )}
    </div>
  );
}

function Row({ section, title, folded, onFold, rowMenu, children }: { section: Section; title: string; folded: boolean } & Pick<Props, 'onFold' | 'rowMenu' | 'children'>) {
  const count = section.panels.length;
  return (
    <section aria-label={title} className="dash-row">
      <h2>
        <button type="button" className="plain-button" aria-expanded={!folded} onClick={() => onFold(section, !folded)}>
          <span className={folded ? 'turn' : 'turn open'}>
            <Icon name="right" size={13} />
          </span>
          {title}
          {folded && <span className="dim"> {count === 1 ? '1 panel' : `${count} panels`}</span>}
        </button>
        {!section.row!.isCopy && rowMenu?.(section)}
      </h2>
      {!folded && count > 0 && <Cells panels={section.panels}>{children}</Cells>}
    </section>
  );
}

/** The size of a cell where panels stand below each other, as on a phone. */
type CellStyle = CSSProperties & { '--panel-height': string };

const Cells = memo(function Cells({ panels, children }: { panels: ShownPanel[] } & Pick<Props, 'children'>) {
  const placed = useMemo(() => compact(panels), [panels]);
  return (
    <div className="dash-grid">
      {placed.map(({ item, x, y, w, h }) => {
        const style: CellStyle = { gridColumn: `${x + 1} / span ${w}`, gridRow: `${y + 1} / span ${h}`, '--panel-height': `${pixels(h)}px` };
        return (
          <div key={item.key} className="dash-cell" style={style}>
            {children(item)}
          </div>
        );
      })}
    </div>
  );
});
