/** Services and calls from tables of nodes and edges. */

import type { Edge, Figures, ServiceMap } from '../../../traces/service-map';
import type { Frame } from '../../frame';

const column = (frame: Frame, name: string): unknown[] => frame.fields.find((field) => field.name.toLowerCase() === name)?.values ?? [];
const has = (frame: Frame, name: string) => frame.fields.some((field) => field.name.toLowerCase() === name);
const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** `null` when the frames hold no edges and no nodes. */
export function graphOf(frames: Frame[]): ServiceMap | null {
  const edgeFrame = frames.find((frame) => has(frame, 'source') && has(frame, 'target'));
  const nodeFrame = frames.find((frame) => frame !== edgeFrame && has(frame, 'id'));
  if (!edgeFrame && !nodeFrame) return null;
  const nodes = new Map<string, Figures>();
  const names = new Map<string, string>();
  if (nodeFrame) {
    const [ids, titles, p95, rates, failing] = ['id', 'title', 'mainstat', 'secondarystat', 'arc__failed'].map((name) => column(nodeFrame, name));
    for (let row = 0; row < nodeFrame.length; row += 1) {
      const id = String(ids![row] ?? '');
      const name = String(titles![row] ?? '') || id;
      const rate = numberOf(rates![row]) ?? 0;
      names.set(id, name);
      nodes.set(name, { rate, failed: rate * (numberOf(failing![row]) ?? 0), p95: numberOf(p95![row]) });
    }
  }
  const edges: Edge[] = [];
  if (edgeFrame) {
    const [sources, targets, p95, rates, failed, connections] = ['source', 'target', 'mainstat', 'secondarystat', 'failed', 'connection'].map((name) => column(edgeFrame, name));
    for (let row = 0; row < edgeFrame.length; row += 1) {
      const [client, server] = [sources, targets].map((list) => names.get(String(list![row] ?? '')) ?? String(list![row] ?? '')) as [string, string];
      if (client === '' || server === '') continue;
      for (const name of [client, server]) if (!nodes.has(name)) nodes.set(name, { rate: 0, failed: 0, p95: null });
      edges.push({ client, server, connection: String(connections![row] ?? ''), rate: numberOf(rates![row]) ?? 0, failed: numberOf(failed![row]) ?? 0, p95: numberOf(p95![row]) });
    }
  }
  return { nodes, edges };
}
