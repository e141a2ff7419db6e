import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon } from '../../parts/Icon';
import type { Panel } from '../model';

interface Props {
  panel: Panel;
  panelKey: string;
  title: string;
  description?: string;
  loading: boolean;
  /** What stands in the heading's right corner: errors, links, the menu. */
  corner?: ReactNode;
  children: ReactNode;
}

/** What surrounds every panel: heading, description, sign of loading. */
export function PanelFrame({ panel, panelKey, title, description, loading, corner, children }: Props) {
  const classes = ['dash-panel', ...(panel.transparent ? ['transparent'] : []), ...(title ? [] : ['untitled'])];
  return (
    <section className={classes.join(' ')} aria-label={title || `Panel ${panel.id}`} data-panel={panelKey}>
      {loading && <div className="dash-loading" />}
      <header>
        {title && <h3 title={title}>{title}</h3>}
        {description && (
          <Tooltip label={<span className="dash-description">{description}</span>} multiline maw={420} events={{ hover: true, focus: true, touch: true }}>
            <button type="button" className="plain-button about" aria-label={`About ${title || 'this panel'}: ${description}`}>
              <Icon name="info" size={13} />
            </button>
          </Tooltip>
        )}
        <span className="grow" />
        {corner}
      </header>
      <div className="content">{children}</div>
    </section>
  );
}
