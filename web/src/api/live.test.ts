import { QueryClient } from '@tanstack/react-query';
import { afterEach, expect, test, vi } from 'vitest';
import { listen, onTopic } from './live';

class Source extends EventTarget {
  static last: Source;
  constructor() {
    super();
    Source.last = this;
  }
  close() {}
}
afterEach(() => vi.unstubAllGlobals());

test('an event of a topic reaches who listens to it, until they stop', () => {
  vi.stubGlobal('EventSource', Source);
  const stop = listen(new QueryClient());
  const heard: string[] = [];
  const leave = onTopic('annotations', () => heard.push('annotations'));
  onTopic('alerts', () => heard.push('alerts'));
  Source.last.dispatchEvent(new Event('annotations'));
  Source.last.dispatchEvent(new Event('targets'));
  Source.last.dispatchEvent(new Event('alerts'));
  leave();
  Source.last.dispatchEvent(new Event('annotations'));
  expect(heard).toEqual(['annotations', 'alerts']);
  stop();
});
