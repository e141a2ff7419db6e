/** What reaches each step of a panel's transformations, and what comes out of it. */

import type { Frame } from '../../frame';
import type { Transformation } from '../../model';
import type { TransformContext } from '../../transform';
import { transform } from '../../transform';
import { Names } from '../../transform/frames';
import type { Offer } from './inputs';

export interface Step {
  offer: Offer;
  /** What comes out of it. */
  frames: Frame[];
  problems: string[];
}

/** What some frames have to choose from, in the order in which it comes. */
export function offerOf(frames: Frame[]): Offer {
  const names = new Names(frames);
  const fields = new Map<string, Offer['fields'][number]>();
  const labels = new Set<string>();
  for (const frame of frames) {
    for (const field of frame.fields) {
      const name = names.of(field, frame);
      if (!fields.has(name)) fields.set(name, { name, type: field.type });
      for (const label of Object.keys(field.labels ?? {})) labels.add(label);
    }
  }
  return { fields: [...fields.values()], labels: [...labels].sort(), queries: [...new Set(frames.map(({ refId }) => refId))] };
}

/** One for each transformation. A step that is off gives what it is given. */
export function stepsOf(given: Frame[], transformations: readonly Transformation[], context: TransformContext): Step[] {
  let reaching = given;
  return transformations.map((each) => {
    const { frames, problems } = transform(reaching, [each], context);
    const step = { offer: offerOf(reaching), frames, problems: problems.map((text) => text.replace(/^transformation \d+ \([^)]*\): /, '')) };
    reaching = frames;
    return step;
  });
}
