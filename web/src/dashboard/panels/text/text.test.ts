import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { longest, markdown } from './markdown';
import type { DomNode } from './safe';
import { safeElements, safeStyle } from './safe';

test.each([
  ['plain', '<p>plain</p>'],
  ['# One\n## Two ##\nThree\n===\nFour\n---', '<h1>One</h1>\n<h2>Two</h2>\n<h1>Three</h1>\n<h2>Four</h2>'],
  ['#5 is no heading', '<p>#5 is no heading</p>'],
  ['*a* _b_ **c** __d__ ***e*** ~~f~~', '<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <em><strong>e</strong></em> <del>f</del></p>'],
  ['snake_case_name and 2 * 3 * 4', '<p>snake_case_name and 2 * 3 * 4</p>'],
  ['**bold *and* more**', '<p><strong>bold <em>and</em> more</strong></p>'],
  ['`a < b` and ``x ` y``', '<p><code>a &lt; b</code> and <code>x ` y</code></p>'],
  ['`not closed', '<p>`not closed</p>'],
  ['[Docs](https://example.com/a_(b) "A title")', '<p><a href="https://example.com/a_(b)" title="A title">Docs</a></p>'],
  ['[**bold**](/d/abc?var-x=1&y=2)', '<p><a href="/d/abc?var-x=1&amp;y=2"><strong>bold</strong></a></p>'],
  ['![alt](https://example.com/a.png)', '<p><img src="https://example.com/a.png" alt="alt"></p>'],
  ['[no link] (x)', '<p>[no link] (x)</p>'],
  ['<https://example.com/?a=1&b=2> me@example.com', '<p><a href="https://example.com/?a=1&amp;b=2">https://example.com/?a=1&amp;b=2</a> me@example.com</p>'],
  ['see https://example.com/x.', '<p>see <a href="https://example.com/x">https://example.com/x</a>.</p>'],
  ['one  \ntwo\\\nthree\nfour', '<p>one<br>\ntwo<br>\nthree\nfour</p>'],
  ['\\*not\\* \\<b\\>', '<p>*not* &lt;b&gt;</p>'],
  ['a &amp; b & c &copy;', '<p>a &amp; b &amp; c &copy;</p>'],
  ['- a\n- b\n  - c\n  - d\n- e', '<ul><li>a</li><li>b<ul><li>c</li><li>d</li></ul></li><li>e</li></ul>'],
  ['3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
  ['- a\n\n- b', '<ul><li><p>a</p></li><li><p>b</p></li></ul>'],
  ['- [ ] open\n- [x] done', '<ul><li>☐ open</li><li>☑ done</li></ul>'],
  ['- a\n  ```\n  x\n  ```', '<ul><li>a<pre><code>x</code></pre></li></ul>'],
  ['* * *', '<hr>'],
  ['> a\n> - b\n\nc', '<blockquote><p>a</p>\n<ul><li>b</li></ul>\n</blockquote>\n<p>c</p>'],
  ['```promql\nsum by (a) (rate(b[5m])) > 1\n```', '<pre><code>sum by (a) (rate(b[5m])) &gt; 1</code></pre>'],
  ['    four\n    spaces', '<pre><code>four\nspaces</code></pre>'],
  ['| a | b |\n|---|--:|\n| 1 | `x|y` |\n| 2 \\| 3 |', '<table><thead><tr><th>a</th><th align="right">b</th></tr></thead><tbody><tr><td>1</td><td align="right"><code>x|y</code></td></tr><tr><td>2 | 3</td><td align="right"></td></tr></tbody></table>'],
  ['<div style="color:red">\n**not** read\n</div>\n\nafter', '<div style="color:red">\n**not** read\n</div>\n<p>after</p>'],
  ['a <b>c</b> < d', '<p>a <b>c</b> &lt; d</p>'],
])('Markdown %j', (text, html) => {
  expect(markdown(text).trimEnd()).toBe(html);
});

test.each(['['.repeat(longest), '*a '.repeat(longest / 3), '`'.repeat(longest / 2) + 'a', '> '.repeat(longest / 2), '- '.repeat(longest / 2), '_a_*b*'.repeat(longest / 6), '<a'.repeat(longest / 2), '(('.repeat(longest / 2), '[a]('.repeat(longest / 4), '`a``b'.repeat(longest / 5)])('long nonsense is read to its end', (text) => {
  expect(markdown(text).length).toBeGreaterThan(0);
});

/** A tree as the browser's parser gives it: a text, or a tag with attributes and children. */
type Tree = string | [tag: string, attributes: Record<string, string>, ...children: Tree[]];

function dom(tree: Tree): DomNode {
  if (typeof tree === 'string') return { nodeType: 3, nodeName: '#text', nodeValue: tree, childNodes: [] };
  const [tag, attributes, ...children] = tree;
  return { nodeType: 1, nodeName: tag.toUpperCase(), nodeValue: null, childNodes: children.map(dom), attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })) };
}

const html = (...children: Tree[]) => renderToStaticMarkup(createElement('main', null, safeElements(dom(['body', {}, ...children])))).replace(/^<main>|<\/main>$/g, '');

const outside = 'target="_blank" rel="noopener noreferrer"';
test.each<[string, Tree[], string]>([
  ['what is harmless stays', [['p', {}, 'a ', ['b', {}, 'c']]], '<p>a <b>c</b></p>'],
  ['scripts and styles go with their text', [['script', {}, 'alert(1)'], ['style', {}, 'p{}'], 'x'], 'x'],
  ['frames and forms go', [['iframe', { src: 'https://e.com' }], ['form', {}, ['input', {}]], ['svg', { onload: 'x()' }]], ''],
  ['unknown elements lose their tag', [['marquee', { onstart: 'x()' }, ['i', {}, 'a']]], '<i>a</i>'],
  ['handlers, ids and classes go', [['div', { onclick: 'x()', id: 'root', class: 'panel', title: 't' }, 'a']], '<div title="t">a</div>'],
  ['links to scripts lead nowhere', [['a', { href: 'javascript:alert(1)' }, 'a'], ['a', { href: ' JAVA\nSCRIPT:alert(1)' }, 'b'], ['a', { href: 'data:text/html,x' }, 'c']], '<a>a</a><a>b</a><a>c</a>'],
  ['links to pages stay', [['a', { href: '/d/x', target: '_blank' }, 'a'], ['a', { href: 'mailto:me@e.com' }, 'b']], `<a href="/d/x" ${outside}>a</a><a href="mailto:me@e.com">b</a>`],
  ['pictures are links', [['img', { src: 'https://e.com/a.png', alt: 'A', onerror: 'x()' }]], `<a href="https://e.com/a.png" ${outside}>A</a>`],
  ['styles that load go', [['p', { style: 'color: red; background: url(https://e.com/x); position: fixed; width: 10px' }, 'a']], '<p style="color:red;width:10px">a</p>'],
  ['old attributes are styles', [['td', { align: 'center', bgcolor: '#ff0000', width: '50%', colspan: '2' }, 'a'], ['center', {}, 'b'], ['font', { color: 'green' }, 'c']], '<td colSpan="2" style="width:50%;background-color:#ff0000;text-align:center">a</td><div style="text-align:center">b</div><span style="color:green">c</span>'],
])('%s', (_, tree, written) => {
  expect(html(...tree)).toBe(written.replace('colSpan', 'colSpan'));
});

test('a deep tree is cut, not followed without end', () => {
  let tree: Tree = 'x';
  for (let depth = 0; depth < 2_000; depth += 1) tree = ['div', {}, tree];
  expect(html(tree)).not.toContain('x');
});

test.each([
  ['color: var(--x)', { color: 'var(--x)' }],
  ['background-image: url(x)', {}],
  ['background: image-set("x" 1x)', {}],
  ['font-size: 2em !important', { fontSize: '2em' }],
  ['width: expression(alert(1))', {}],
  ['color: r\\65 d', {}],
  ['display: contents; display: flex', { display: 'flex' }],
  ['z-index: 9; content: "x"; top: 0', {}],
])('the style %s', (text, style) => {
  expect(safeStyle(text)).toEqual(style);
});
