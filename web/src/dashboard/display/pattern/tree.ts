/** The syntax tree of a regular expression of the browser's. Its text has been accepted by `RegExp` before. */

export type Node =
  /** One character: a letter, an escape, a class. */
  | { kind: 'one'; source: string }
  | { kind: 'sequence'; items: Node[] }
  | { kind: 'choice'; options: Node[] }
  | { kind: 'group'; number: number; body: Node }
  | { kind: 'repeat'; min: number; max: number; isLazy: boolean; body: Node; groups: [number, number] }
  | { kind: 'edge'; of: '^' | '$' | 'b' | 'B' }
  | { kind: 'ahead'; isNegative: boolean; body: Node; hasGroups: boolean }
  | { kind: 'behind'; body: Node }
  | { kind: 'reference' };

export interface Tree {
  root: Node;
  groups: number;
  names: Map<string, number>;
}

/** Groups within groups; more is nothing that a person wrote. */
const deepest = 100;

/** `null` for what is not read here: flags of sets (`v`), modifiers within the pattern, escapes of old times. */
export function readTree(source: string, flags: string): Tree | null {
  if (flags.includes('v')) return null;
  try {
    return new Reader(source, flags.includes('u')).tree();
  } catch (cause) {
    if (cause instanceof Unread) return null;
    throw cause;
  }
}

class Unread extends Error {}

class Reader {
  private at = 0;
  private groups = 0;
  private depth = 0;
  private readonly names = new Map<string, number>();

  constructor(
    private readonly source: string,
    private readonly isUnicode: boolean,
  ) {}

  tree(): Tree {
    const root = this.choice();
    if (this.at < this.source.length) throw new Unread();
    return { root, groups: this.groups, names: this.names };
  }

  private choice(): Node {
    if (++this.depth > deepest) throw new Unread();
    const options = [this.sequence()];
    while (this.take('|')) options.push(this.sequence());
    this.depth -= 1;
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  private sequence(): Node {
    const items: Node[] = [];
    while (this.at < this.source.length && this.source[this.at] !== '|' && this.source[this.at] !== ')') items.push(this.repeated());
    return items.length === 1 ? items[0]! : { kind: 'sequence', items };
  }

  private repeated(): Node {
    const before = this.groups;
    const body = this.atom();
    const count = this.match(/[*+?]|\{(\d+)(?:(,)(\d*))?\}/y);
    if (!count) return body;
    const [sign, from, comma, to] = count;
    const min = from === undefined ? (sign === '+' ? 1 : 0) : Number(from);
    const max = from === undefined ? (sign === '?' ? 1 : Infinity) : comma === undefined ? min : to === '' ? Infinity : Number(to);
    return { kind: 'repeat', min, max, isLazy: this.take('?'), body, groups: [before + 1, this.groups] };
  }

  private atom(): Node {
    const letter = this.source[this.at]!;
    if (letter === '(') return this.parenthesis();
    if (letter === '\\') return this.escape();
    if (letter === '^' || letter === '$') {
      this.at += 1;
      return { kind: 'edge', of: letter };
    }
    if (letter === '[') return this.one(/\[(?:\\[\s\S]|[^\]\\])*\]/y);
    return this.one(this.isUnicode ? /[\s\S]/uy : /[\s\S]/y);
  }

  private parenthesis(): Node {
    const opening = this.match(/\((?:\?(?:<?[=!]|:|<([^>]+)>))?/y);
    if (!opening || this.source[this.at] === '?') throw new Unread();
    const [how, name] = opening;
    const isGroup = how === '(' || name !== undefined;
    const number = isGroup ? ++this.groups : 0;
    if (name !== undefined) {
      if (this.names.has(name) || name.includes('\\')) throw new Unread();
      this.names.set(name, number);
    }
    const before = this.groups;
    const body = this.choice();
    if (!this.take(')')) throw new Unread();
    if (isGroup) return { kind: 'group', number, body };
    if (how === '(?:') return body;
    return how.startsWith('(?<') ? { kind: 'behind', body } : { kind: 'ahead', isNegative: how === '(?!', body, hasGroups: this.groups > before };
  }

  private escape(): Node {
    const edge = this.match(/\\([bB])/y);
    if (edge) return { kind: 'edge', of: edge[1] as 'b' };
    if (this.match(/\\(?:[1-9]\d*|k<[^>]*>)/y)) return { kind: 'reference' };
    if (/\\(?:k|0\d|c(?![A-Za-z]))/y.test(this.source.slice(this.at))) throw new Unread();
    return this.one(this.isUnicode ? /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|[pP]\{[^}]*\}|c[A-Za-z]|[\s\S])/uy : /\\(?:u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[A-Za-z]|[\s\S])/y);
  }

  private one(pattern: RegExp): Node {
    const found = this.match(pattern);
    if (!found) throw new Unread();
    return { kind: 'one', source: found[0] };
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  private take(letter: string): boolean {
    if (this.source[this.at] !== letter) return false;
    this.at += 1;
    return true;
  }
}
