import { Button, Drawer } from '@mantine/core';
import { Icon } from '../../parts/Icon';
import { Findings } from '../../views/dashboards/Findings';
import type { Finding } from '../model';

interface Props {
  report: readonly Finding[];
  /** What went wrong while it was shown: variables, annotations. */
  live: readonly string[];
  onPanel: (id: number) => void;
  onClose: () => void;
}

/** What of a dashboard is not shown as it was meant, by panel. */
export default function ReportDrawer({ report, live, onPanel, onClose }: Props) {
  return (
    <Drawer opened onClose={onClose} position="right" size="min(36rem, 100vw)" title="What is not shown as it was meant" closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className="stack">
        {live.map((text) => (
          <div key={text} className="note warn">
            <Icon name="warning" />
            {text}
          </div>
        ))}
        <Findings
          findings={report}
          panelLink={(id, name) => (
            <Button variant="transparent" size="compact-xs" px={0} onClick={() => onPanel(id)} aria-label={`Go to ${name}`}>
              {name}
            </Button>
          )}
        />
        {report.length === 0 && live.length === 0 && <p>Everything is shown as it was meant.</p>}
      </div>
    </Drawer>
  );
}
