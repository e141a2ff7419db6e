import { Empty } from '../../parts/Answer';
import type { ShownPanel } from '../variables';
import type { PanelContext } from '../view/PanelHost';
import type { Draft } from './draft';
import { findPanel } from './operations';
import { PanelEditor } from './PanelEditor';

/** The panel editor for the panel with an id; `shown` is `undefined` until the page has followed the draft. */
export default function EditedPanel({ id, shown, context, draft, onRun, onClose }: { id: number; shown: ShownPanel | undefined; context: PanelContext; draft: Draft; onRun: () => void; onClose: () => void }) {
  const panel = findPanel(draft.dashboard, id);
  if (!panel) return <Empty title={`There is no panel ${id} in this dashboard`} />;
  return <PanelEditor key={id} shown={shown ?? { key: String(id), panel, scoped: {}, isCopy: false }} panel={panel} context={context} draft={draft} onRun={onRun} onClose={onClose} />;
}
