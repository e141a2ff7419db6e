import { useState } from 'react';
import type { LegendItem, LegendOptions } from './legend';
import { afterClick, calcName, sorted } from './legend';
import './legend.css';

export interface LegendProps {
  items: LegendItem[];
  options: LegendOptions;
  /** Names of the series that are to be hidden from now on; without it nothing can be clicked. */
  onHidden?: (names: string[]) => void;
  /** The series to point out in the chart; `null` for none. */
  onHover?: (key: string | null) => void;
  /** Keeps a choice of order. */
  onSort?: (by: string | null, descending: boolean) => void;
}

/** More than this cannot be read, and takes long to lay out. */
const mostItems = 500;

export function Legend({ items, options, onHidden, onHover, onSort }: LegendProps) {
  const [order, setOrder] = useState<{ by: string | null; descending: boolean } | null>(null);
  const by = order ? order.by : options.sortBy;
  const descending = order ? order.descending : options.sortDesc;
  const listed = sorted(items, by, descending);
  const cut = listed.slice(0, mostItems);
  const name = (item: LegendItem) => {
    const inner = (
      <>
        <span className={`mark ${item.mark ?? 'line'}`} style={{ color: item.color }} aria-hidden />
        <span className="name">{item.name}</span>
      </>
    );
    if (!onHidden) return <span className="legend-name">{inner}</span>;
    return (
      <button
        type="button"
        className="legend-name plain-button"
        aria-pressed={item.shown}
        title={`${item.name}\nClick: this one alone. Ctrl or Cmd and click: hide or show it.`}
        onClick={(event) => onHidden(afterClick(items, item.name, event.ctrlKey || event.metaKey || event.shiftKey))}
        onFocus={() => onHover?.(item.key)}
        onBlur={() => onHover?.(null)}
      >
        {inner}
      </button>
    );
  };
  const hover = (item: LegendItem) => ({ onMouseEnter: () => onHover?.(item.shown ? item.key : null), onMouseLeave: () => onHover?.(null) });
  const more = listed.length > cut.length && <div className="dim">and {listed.length - cut.length} more series, which are drawn too</div>;
  const place = options.right ? 'panel-legend right' : 'panel-legend bottom';
  if (!options.table) {
    return (
      <div className={place}>
        <ul aria-label="Legend">
          {cut.map((item) => (
            <li key={item.key} className={item.shown ? undefined : 'off'} {...hover(item)}>
              {name(item)}
              {item.calcs.map((calc) => (
                <span key={calc.id} className="calc">
                  {calc.name}: <b>{calc.text}</b>
                </span>
              ))}
            </li>
          ))}
        </ul>
        {more}
      </div>
    );
  }
  const sort = (column: string) => {
    const next = by !== column ? { by: column, descending: column !== 'Name' } : descending === (column !== 'Name') ? { by: column, descending: !descending } : { by: null, descending: false };
    setOrder(next);
    onSort?.(next.by, next.descending);
  };
  const isBy = (id: string) => by === id || by === calcName(id);
  const heading = (id: string, text: string, className?: string) => (
    <th key={id} scope="col" className={className} aria-sort={isBy(id) ? (descending ? 'descending' : 'ascending') : 'none'}>
      <button type="button" className="plain-button" onClick={() => sort(id === 'Name' ? id : calcName(id))}>
        {text}
        <span aria-hidden>{isBy(id) ? (descending ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  );
  return (
    <div className={place}>
      <table aria-label="Legend">
        <thead>
          <tr>
            {heading('Name', 'Name')}
            {options.calcs.map((calc) => heading(calc, calcName(calc), 'num'))}
          </tr>
        </thead>
        <tbody>
          {cut.map((item) => (
            <tr key={item.key} className={item.shown ? undefined : 'off'} {...hover(item)}>
              <td>{name(item)}</td>
              {item.calcs.map((calc) => (
                <td key={calc.id} className="num">
                  {calc.text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </div>
  );
}
