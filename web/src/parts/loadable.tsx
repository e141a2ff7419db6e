import type { ComponentType } from 'react';
import { lazy, useState } from 'react';

/** A component whose script comes when it is first needed, or before that by `preload`. */
export type Loadable<Props extends object> = ComponentType<Props> & { preload: () => Promise<unknown> };

/**
 * As React's `lazy`, but a component whose script is there already is drawn at once. What is lazy always begins with
 * its stand-in, and React leaves a stand-in in the page for 300 ms, so that pages do not flicker.
 */
export function loadable<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): Loadable<Props> {
  let loaded: ComponentType<Props> | undefined;
  const fetched = async () => {
    const module = await load();
    loaded = module.default;
    return module;
  };
  const Later = lazy(fetched) as unknown as ComponentType<Props>;
  function Shown(props: Props) {
    // It stays the same component: another one would begin with an empty state.
    const [Component] = useState(() => loaded ?? Later);
    return <Component {...props} />;
  }
  return Object.assign(Shown, { preload: fetched });
}
