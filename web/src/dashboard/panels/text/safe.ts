/**
 * HTML of dashboards, which anybody may have written, as elements of this page: only those of a list, with attributes
 * of a list. Nothing is ever put into the page as text of HTML.
 */

import type { ReactNode } from 'react';
import { createElement, Fragment } from 'react';
import { isSafeUrl } from '../../view/safe-url';
import { outside } from '../parts/outside';

/** What is read of a node of the DOM. */
export interface DomNode {
  nodeType: number;
  nodeName: string;
  nodeValue: string | null;
  childNodes: ArrayLike<DomNode>;
  attributes?: ArrayLike<{ name: string; value: string }>;
}

const words = (text: string) => new Set(text.split(' '));

const tags = words(
  'a abbr article aside b blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i ins kbd li main mark nav ol p pre q s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr',
);
/** What is left out with all that is in it. Of other unknown elements the inside stays. */
const dropped = words('script style iframe frame frameset object embed applet noscript template form input button select textarea option svg math audio video canvas head title base link meta dialog');
/** Elements that this page writes otherwise. */
const renamed: Record<string, string> = { center: 'div', strike: 's', tt: 'code', main: 'div', nav: 'div', header: 'div', footer: 'div', aside: 'div', article: 'div', section: 'div' };
const isVoid = words('br hr col wbr');
/** Elements between whose parts stands no text. */
const ofParts = words('table thead tbody tfoot tr colgroup');

const plain: Record<string, string> = { title: 'title', datetime: 'dateTime' };
const numeric: Record<string, string> = { colspan: 'colSpan', rowspan: 'rowSpan', start: 'start' };
/** Attributes of old HTML that are styles today. */
const styled: Record<string, string> = { align: 'textAlign', bgcolor: 'backgroundColor', width: 'width', height: 'height', valign: 'verticalAlign' };

const properties = words(
  'align-items align-content background background-color border border-bottom border-collapse border-color border-left border-radius border-right border-spacing border-style border-top border-width color column-gap display flex flex-direction flex-wrap float font font-family font-size font-style font-variant font-weight gap grid-template-columns height justify-content letter-spacing line-height list-style list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width opacity overflow padding padding-bottom padding-left padding-right padding-top row-gap text-align text-decoration text-indent text-overflow text-shadow text-transform vertical-align white-space width word-break word-spacing',
);
/** Functions of colours and lengths; others may load something from elsewhere. */
const functions = words('rgb rgba hsl hsla calc min max clamp var repeat minmax linear-gradient radial-gradient');
const displays = words('block inline inline-block flex inline-flex grid none table table-cell table-row list-item');

/** Elements that are drawn, and levels of elements in elements. */
const mostElements = 20_000;
const deepest = 100;

const camel = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Declarations that change how a text looks, and none that loads anything or leaves the panel. */
export function safeStyle(text: string): Record<string, string> {
  const style: Record<string, string> = {};
  for (const declaration of text.split(';')) {
    const colon = declaration.indexOf(':');
    if (colon < 0) continue;
    const name = declaration.slice(0, colon).trim().toLowerCase();
    const value = declaration.slice(colon + 1).replace(/!\s*important/i, '').trim();
    if (!properties.has(name) || value === '' || value.length > 300 || /[\\<>{}@]|\/\*/.test(value)) continue;
    if ([...value.matchAll(/([a-z-]*)\(/gi)].some((found) => !functions.has(found[1]!.toLowerCase()))) continue;
    if (name === 'display' && !displays.has(value)) continue;
    style[camel(name)] = value;
  }
  return style;
}

const length = (value: string) => (/^\d{1,4}$/.test(value) ? `${value}px` : /^\d{1,3}(?:\.\d+)?%$/.test(value) ? value : undefined);

function attributesOf(node: DomNode, tag: string): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  let style: Record<string, string> = tag === 'center' ? { textAlign: 'center' } : {};
  for (const { name: written, value } of Array.from(node.attributes ?? [])) {
    const name = written.toLowerCase();
    if (name === 'style') style = { ...style, ...safeStyle(value) };
    else if (tag === 'a' && name === 'href') {
      if (isSafeUrl(value.trim())) given.href = value.trim();
    } else if (tag === 'a' && name === 'target') {
      if (value === '_blank') Object.assign(given, outside);
    } else if (numeric[name]) {
      if (/^\d{1,4}$/.test(value)) given[numeric[name]] = Number(value);
    } else if (tag === 'details' && name === 'open') given.open = true;
    else if (plain[name]) given[plain[name]] = value;
    else if (styled[name]) {
      const safe = name === 'width' || name === 'height' ? length(value) : /^[\w#]{1,20}$/.test(value) ? value : undefined;
      if (safe) style = { [styled[name]]: safe, ...style };
    }
  }
  if (Object.keys(style).length > 0) given.style = style;
  return given;
}

const attribute = (node: DomNode, name: string) => Array.from(node.attributes ?? []).find((each) => each.name.toLowerCase() === name)?.value ?? '';

/** The inside of a node as elements of React. */
export function safeElements(root: DomNode): ReactNode {
  let count = 0;
  const inside = (node: DomNode, depth: number): ReactNode[] => Array.from(node.childNodes, (child, index) => one(child, depth, index));
  const one = (node: DomNode, depth: number, key: number): ReactNode => {
    if (node.nodeType === 3) return node.nodeValue;
    if (node.nodeType !== 1 || depth > deepest) return null;
    count += 1;
    const tag = node.nodeName.toLowerCase();
    if (dropped.has(tag) || count > mostElements) return null;
    if (tag === 'img') return picture(node, key);
    if (tag === 'font') return createElement('span', { key, style: safeStyle(`color:${attribute(node, 'color')}`) }, ...inside(node, depth + 1));
    if (!tags.has(tag)) return createElement(Fragment, { key }, ...inside(node, depth + 1));
    const props = { key, ...attributesOf(node, tag) };
    if (isVoid.has(tag)) return createElement(tag, props);
    const children = inside(node, depth + 1).filter((child) => !ofParts.has(tag) || typeof child !== 'string' || child.trim() !== '');
    return createElement(renamed[tag] ?? tag, props, ...children);
  };
  return createElement(Fragment, null, ...inside(root, 0));
}

/** A picture is not loaded from elsewhere: the reader may follow it. */
function picture(node: DomNode, key: number): ReactNode {
  const source = attribute(node, 'src').trim();
  const name = attribute(node, 'alt') || source;
  return isSafeUrl(source) ? createElement('a', { key, href: source, ...outside }, name) : createElement('span', { key }, attribute(node, 'alt'));
}

/** A text of HTML as elements. Its scripts do not run, not even while it is read. */
export function fromHtml(text: string): ReactNode {
  return safeElements(new DOMParser().parseFromString(text, 'text/html').body as unknown as DomNode);
}
