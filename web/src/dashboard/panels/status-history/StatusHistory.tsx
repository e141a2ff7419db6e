import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { Lanes } from '../state-timeline/Lanes';

export default function StatusHistory(props: PanelProps<JsonObject>) {
  return <Lanes {...props} samples />;
}
