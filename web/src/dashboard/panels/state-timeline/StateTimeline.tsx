import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { Lanes } from './Lanes';

export default function StateTimeline(props: PanelProps<JsonObject>) {
  return <Lanes {...props} samples={false} />;
}
