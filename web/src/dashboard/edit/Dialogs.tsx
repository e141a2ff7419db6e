import { Button, Modal } from '@mantine/core';
import { useLocation } from 'wouter';
import { dashboardPath } from '../../api/dashboards';
import { SaveDialog } from './SaveDialog';
import { Settings } from './Settings';
import type { Editing } from './use-editing';
import { Versions } from './Versions';

/** What opens above a dashboard while it is changed. */
export default function Dialogs({ editing }: { editing: Editing }) {
  const { dialog, open, draft, loaded, saved, leave } = editing;
  const [, navigate] = useLocation();
  const close = () => open(null);
  switch (dialog) {
    case 'settings':
      return <Settings draft={draft} onClose={close} />;
    case 'save':
      return (
        <SaveDialog
          before={loaded.dashboard}
          draft={draft.dashboard}
          meta={loaded.meta}
          onClose={close}
          onSaved={(next) => {
            if (next.meta.uid === loaded.meta.uid) return saved(next);
            leave();
            navigate(dashboardPath(next.meta.uid, next.dashboard.title));
          }}
        />
      );
    case 'versions':
      return <Versions loaded={loaded} onRestored={saved} onClose={close} />;
    case 'discard':
      return (
        <Modal opened onClose={close} title="Give up the changes?">
          <div className="stack">
            <p>The dashboard goes back to how it was saved.</p>
            <div className="row">
              <Button color="red" onClick={leave}>
                Give them up
              </Button>
              <Button variant="default" onClick={close}>
                Go on editing
              </Button>
            </div>
          </div>
        </Modal>
      );
    case null:
      return null;
  }
}
