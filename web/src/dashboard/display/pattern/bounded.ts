/** Regular expressions of dashboards: JavaScript's, except that none can stop the page. */

import type { Search } from './search';
import { compile } from './search';
import type { Tree } from './tree';
import { readTree } from './tree';
import { waysToFail } from './ways';

/** Ways that the browser's search may try on one text; about a millisecond. */
const mostWays = 100_000;
/** A pattern that only the browser can search for has to be harmless for names of this length. */
const shortest = 200;

/**
 * A `RegExp` whose searches end soon. The browser's search is used where it cannot try many ways; else one whose steps
 * are bounded by text times pattern. A pattern that neither can do is an error when it is made.
 */
export class BoundedRegExp extends RegExp {
  private readonly tree: Tree | null;
  private readonly search_: Search | null;
  /** The longest text on which the browser's search is known to be harmless. */
  private harmless = -1;
  private harmful = Infinity;

  constructor(pattern: string | RegExp, flags?: string) {
    super(pattern, flags);
    this.tree = readTree(this.source, this.flags);
    this.search_ = this.tree && compile(this.tree, this.flags);
    if (!this.search_ && !this.isHarmless(shortest)) throw new Error('it could take too long: write it without looking back, references to groups and groups in a look ahead, or with fewer parts that repeat');
  }

  private isHarmless(length: number): boolean {
    if (length <= this.harmless) return true;
    if (length >= this.harmful) return false;
    const is = this.tree !== null && waysToFail(this.tree, this.flags, length) <= mostWays;
    if (is) this.harmless = length;
    else this.harmful = length;
    return is;
  }

  override exec(text: string): RegExpExecArray | null {
    if (this.isHarmless(text.length)) return super.exec(text);
    const keepsPlace = this.global || this.sticky;
    const from = keepsPlace ? this.lastIndex : 0;
    const slots = from > text.length ? null : (this.search_?.find(text, from, this.sticky) ?? null);
    if (keepsPlace) this.lastIndex = slots ? slots[1]! : 0;
    if (!slots) return null;
    const part = (group: number) => (slots[2 * group + 1]! < 0 ? undefined : text.slice(slots[2 * group], slots[2 * group + 1]));
    const found = Array.from({ length: slots.length / 2 }, (_, group) => part(group)) as RegExpExecArray;
    const { names } = this.tree!;
    found.index = slots[0]!;
    found.input = text;
    found.groups = names.size === 0 ? undefined : (Object.assign(Object.create(null), Object.fromEntries([...names].map(([name, group]) => [name, part(group)]))) as Record<string, string>);
    return found;
  }
}
