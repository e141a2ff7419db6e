/**
 * A panel as a PNG. The browser itself draws it: a copy of the panel's elements goes into an SVG together with the
 * page's styles, and what is drawn on canvases goes into the copy as images. Nothing is loaded from elsewhere.
 */

import { fileName, saveFile } from '../../parts/save-file';

const svg = 'http://www.w3.org/2000/svg';
const xhtml = 'http://www.w3.org/1999/xhtml';
/** The longest side of an image, in pixels: browsers draw no larger canvas. */
const longest = 8_192;
/** What only a pointer has a use for. */
const controls = '.menu-button, .dash-loading, [role="menu"]';

/** The rules that hold now: an image has a size of its own, by which conditions on the window must not be decided again. */
function rulesOf(list: CSSRuleList): string {
  return [...list]
    .map((rule) => {
      if (rule instanceof CSSMediaRule) return matchMedia(rule.conditionText).matches ? rulesOf(rule.cssRules) : '';
      return rule instanceof CSSFontFaceRule || rule instanceof CSSImportRule ? '' : rule.cssText;
    })
    .join('\n');
}

const styles = () =>
  [...document.styleSheets]
    .map((sheet) => {
      try {
        return rulesOf(sheet.cssRules);
      } catch {
        // Of another place, as what an extension of the browser brings.
        return '';
      }
    })
    .join('\n');

function pictureOf(canvas: HTMLCanvasElement): HTMLImageElement {
  const image = document.createElement('img');
  if (canvas.width > 0 && canvas.height > 0) image.src = canvas.toDataURL();
  const own = getComputedStyle(canvas);
  for (const name of ['position', 'left', 'top', 'width', 'height', 'display', 'margin', 'z-index', 'image-rendering']) image.style.setProperty(name, own.getPropertyValue(name));
  return image;
}

const isStuck = (element: Element) => getComputedStyle(element).position === 'sticky';

/** Brings into the copy what its elements do not say: pictures, what is typed, how far is scrolled. */
function complete(from: Element, to: Element, scrolled: readonly [x: number, y: number] = [0, 0]): void {
  if (from.matches(controls)) to.remove();
  else if (from instanceof HTMLCanvasElement) to.replaceWith(pictureOf(from));
  else if (from instanceof HTMLInputElement) to.setAttribute('value', from.value);
  const isScrolled = from.scrollLeft !== 0 || from.scrollTop !== 0;
  const here = isScrolled ? ([from.scrollLeft, from.scrollTop] as const) : scrolled;
  const copies = [...to.children];
  [...from.children].forEach((child, at) => {
    const copy = copies[at] as HTMLElement | SVGElement;
    // What sticks to the edge of what is scrolled stays there.
    if (isStuck(child)) copy.style.translate = isScrolled ? '0px' : `${here[0]}px ${here[1]}px`;
    else if (isScrolled) copy.style.translate = `${-here[0]}px ${-here[1]}px`;
    complete(child, copy, here);
  });
}

/** The panel and what it stands in, so that rules about its place hold; those around it take no room. */
function copyOf(panel: HTMLElement, width: number, height: number): HTMLElement {
  const made = panel.cloneNode(true) as HTMLElement;
  complete(panel, made);
  const { font, color, letterSpacing, lineHeight } = getComputedStyle(panel);
  Object.assign(made.style, { width: `${width}px`, height: `${height}px`, margin: '0', boxSizing: 'border-box', font, color, letterSpacing, lineHeight });
  let whole = made;
  for (let around = panel.parentElement; around && around !== document.documentElement; around = around.parentElement) {
    const shell = document.createElement(around === document.body ? 'body' : 'div');
    shell.className = around.className;
    Object.assign(shell.style, around === document.body ? { margin: '0', background: 'none', display: 'block', minHeight: '0' } : { display: 'contents' });
    shell.append(whole);
    whole = shell;
  }
  return whole;
}

/** Characters that XML does not know, which labels may hold. */
// eslint-disable-next-line no-control-regex
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

function pageOf(panel: HTMLElement, width: number, height: number): string {
  const root = document.createElementNS(svg, 'svg');
  // Rules about the page's root, such as those of its colours, are about the image's.
  for (const { name, value } of [...document.documentElement.attributes]) root.setAttribute(name, value);
  root.setAttribute('width', String(width));
  root.setAttribute('height', String(height));
  const style = document.createElementNS(svg, 'style');
  style.textContent = `${styles()}\n*, *::before, *::after { animation: none !important; transition: none !important; scrollbar-width: none !important; }`;
  const content = document.createElementNS(svg, 'foreignObject');
  content.setAttribute('width', '100%');
  content.setAttribute('height', '100%');
  const body = copyOf(panel, width, height);
  body.setAttribute('xmlns', xhtml);
  content.append(body);
  root.append(style, content);
  return new XMLSerializer().serializeToString(root).replace(unwritable, '\ufffd');
}

/** The panel as it is shown, `scale` pixels for each of the page's. */
export async function panelImage(panel: HTMLElement, scale = Math.max(2, devicePixelRatio)): Promise<Blob> {
  const { width, height } = panel.getBoundingClientRect();
  const [wide, high] = [Math.ceil(width), Math.ceil(height)];
  const drawn = new Image();
  drawn.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(pageOf(panel, wide, high))}`;
  await drawn.decode();
  const factor = Math.min(scale, longest / Math.max(wide, high, 1));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(wide * factor);
  canvas.height = Math.round(high * factor);
  const pen = canvas.getContext('2d')!;
  // Panels without a background stand on the page's.
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(drawn, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (!blob) throw new Error('the browser could not write the image: make the panel smaller');
  return blob;
}

/** Saves the panel as `title.png`. */
export async function saveImage(panel: HTMLElement, title: string): Promise<void> {
  saveFile(fileName(`${title}.png`), await panelImage(panel), 'image/png');
}
