import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { loadable } from './loadable';

const Name = ({ name }: { name: string }) => createElement('b', null, name);

test('what has come already is drawn at once', async () => {
  let asked = 0;
  const Later = loadable(() => {
    asked += 1;
    return Promise.resolve({ default: Name });
  });
  expect(asked).toBe(0);
  await Later.preload();
  // Rendered without waiting for anything: what is lazy would have no text.
  expect(renderToStaticMarkup(createElement(Later, { name: 'Ada' }))).toBe('<b>Ada</b>');
  expect(asked).toBe(1);
});

test('a failure is told to who asks for it', async () => {
  const Broken = loadable(() => Promise.reject<{ default: typeof Name }>(new Error('gone')));
  await expect(Broken.preload()).rejects.toThrow('gone');
});
