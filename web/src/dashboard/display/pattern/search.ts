/**
 * A search that takes as many steps as text times pattern, whatever the two are: it tries what a backtracking search
 * tries, in the same order, but never twice from the same place of the pattern at the same place of the text. That
 * decides the same as long as nothing of the pattern depends on what a group held.
 */

import type { Fits } from './letters';
import { fitter } from './letters';
import type { Node, Tree } from './tree';

type Step =
  | { do: 'one'; fits: Fits }
  /** Goes on at `first`, and at `second` when that fails. */
  | { do: 'split'; first: number; second: number }
  | { do: 'jump'; to: number }
  | { do: 'keep'; slot: number }
  | { do: 'forget'; from: number; to: number }
  | { do: 'edge'; of: '^' | '$' | 'b' | 'B' }
  | { do: 'ahead'; isNegative: boolean; start: number; next: number }
  | { do: 'done' };

/** Steps of one program; counts such as `{1,100}` are written out. */
const mostSteps = 2_000;
/** Groups of a pattern: where they stand is copied with every change. */
const mostGroups = 100;
/** Places of a program times places of a text. */
const mostPlaces = 1 << 25;

/** `null` where the pattern has what such a search cannot do: looking back, references to groups, groups within a look ahead. */
export function compile({ root, groups }: Tree, flags: string): Search | null {
  if (groups > mostGroups) return null;
  const steps: Step[] = [];
  const parts = new Map<string, Fits>();
  const fits = (source: string) => {
    let known = parts.get(source);
    if (!known) parts.set(source, (known = fitter(source, flags)));
    return known;
  };
  const add = <S extends Step>(step: S): S => {
    if (steps.length >= mostSteps) throw new TooMuch();
    steps.push(step);
    return step;
  };
  const write = (node: Node): void => {
    switch (node.kind) {
      case 'one':
        add({ do: 'one', fits: fits(node.source) });
        break;
      case 'sequence':
        node.items.forEach(write);
        break;
      case 'choice': {
        const ends: { to: number }[] = [];
        for (const [at, option] of node.options.entries()) {
          const isLast = at === node.options.length - 1;
          const split = isLast ? null : add({ do: 'split', first: steps.length + 1, second: 0 });
          write(option);
          if (!split) break;
          ends.push(add({ do: 'jump', to: 0 }));
          split.second = steps.length;
        }
        for (const end of ends) end.to = steps.length;
        break;
      }
      case 'group':
        add({ do: 'keep', slot: 2 * node.number });
        write(node.body);
        add({ do: 'keep', slot: 2 * node.number + 1 });
        break;
      case 'repeat':
        repeat(node);
        break;
      case 'edge':
        add({ do: 'edge', of: node.of });
        break;
      case 'ahead': {
        if (node.hasGroups) throw new TooMuch();
        const look = add({ do: 'ahead', isNegative: node.isNegative, start: steps.length + 1, next: 0 });
        write(node.body);
        add({ do: 'done' });
        look.next = steps.length;
        break;
      }
      default:
        throw new TooMuch();
    }
  };
  const repeat = ({ min, max, isLazy, body, groups: [from, to] }: Node & { kind: 'repeat' }): void => {
    const once = () => {
      // Each repetition begins without what the groups of the last one held.
      if (to >= from) add({ do: 'forget', from: 2 * from, to: 2 * to + 2 });
      write(body);
    };
    const branch = () => add({ do: 'split', first: 0, second: 0 });
    const aim = (split: { first: number; second: number }, into: number, past: number) => Object.assign(split, isLazy ? { first: past, second: into } : { first: into, second: past });
    for (let at = 0; at < min; at += 1) once();
    if (max === Infinity) {
      // Whether a repetition was of nothing depends on where it began, which matters where nothing is tried first.
      if (canBeEmpty(body) && triesNothingFirst(body, true)) throw new TooMuch();
      const start = steps.length;
      const split = branch();
      once();
      add({ do: 'jump', to: start });
      aim(split, start + 1, steps.length);
      return;
    }
    // A repetition of nothing does not count: that depends on where it began.
    if (max > min && canBeEmpty(body)) throw new TooMuch();
    const splits: [{ first: number; second: number }, number][] = [];
    for (let at = min; at < max; at += 1) {
      splits.push([branch(), steps.length]);
      const place = steps.length;
      once();
      // What repeats nothing ends here.
      if (steps.length === place) break;
    }
    for (const [split, into] of splits) aim(split, into, steps.length);
  };
  try {
    write(root);
    add({ do: 'done' });
  } catch (cause) {
    if (cause instanceof TooMuch) return null;
    throw cause;
  }
  return new Search(steps, 2 * (groups + 1), flags, fits('\\w'));
}

function canBeEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'one':
      return false;
    case 'sequence':
      return node.items.every(canBeEmpty);
    case 'choice':
      return node.options.some(canBeEmpty);
    case 'group':
      return canBeEmpty(node.body);
    case 'repeat':
      return node.min === 0 || canBeEmpty(node.body);
    default:
      return true;
  }
}

/**
 * Whether a part may try nothing before something behind what was read: at such a place the search would come back to
 * where it is still trying, and take that for a failure. At the start of a repetition it comes back only after nothing.
 */
function triesNothingFirst(node: Node, isStart: boolean): boolean {
  switch (node.kind) {
    case 'sequence': {
      let reads = !isStart;
      return node.items.some((item) => {
        const found = triesNothingFirst(item, !reads);
        reads ||= item.kind !== 'edge' && item.kind !== 'ahead';
        return found;
      });
    }
    case 'choice':
      return (!isStart && node.options.slice(0, -1).some(canBeEmpty)) || node.options.some((option) => triesNothingFirst(option, isStart));
    case 'group':
      return triesNothingFirst(node.body, isStart);
    case 'repeat':
      return (node.isLazy && node.max > node.min && (!isStart || node.max > 1)) || triesNothingFirst(node.body, isStart && node.max <= 1);
    default:
      return false;
  }
}

class TooMuch extends Error {}

export class Search {
  private readonly isUnicode: boolean;
  private readonly isMultiline: boolean;

  constructor(
    private readonly steps: Step[],
    private readonly slots: number,
    flags: string,
    private readonly isWord: Fits,
  ) {
    this.isUnicode = flags.includes('u');
    this.isMultiline = flags.includes('m');
  }

  /** Where the match and its groups begin and end, -1 for groups without part; `null` when nothing fits, or the text is too long to be looked through. */
  find(text: string, from: number, isSticky: boolean): number[] | null {
    const size = this.steps.length * (text.length + 1);
    if (size > mostPlaces) return null;
    const run: Run = { text, width: text.length + 1, tried: new Uint32Array((size >>> 5) + 1), good: null, left: mostPlaces };
    for (let start = from; start <= text.length; start += this.letterAt(text, start).length || 1) {
      const slots = this.run(run, 0, start, true);
      if (slots) {
        slots[0] = start;
        return slots;
      }
      if (isSticky) return null;
    }
    return null;
  }

  private letterAt(text: string, at: number): string {
    return this.isUnicode && at < text.length ? String.fromCodePoint(text.codePointAt(at)!) : text.charAt(at);
  }

  /** From one place of the program; within a look ahead (`isWhole` false) only whether it fits is of interest. */
  private run(run: Run, startStep: number, start: number, isWhole: boolean): number[] | null {
    const { text, width, tried } = run;
    let slots: number[] = isWhole ? new Array<number>(this.slots).fill(-1) : [];
    /** Other ways: step, place of the text, groups, and how long the way was. */
    const others: [number, number, number[], number][] = [];
    const way: number[] = [];
    const visited: number[] = [];
    let step = startStep;
    let at = start;
    for (;;) {
      const place = step * width + at;
      let fits = false;
      if (!isWhole && run.good && isSet(run.good, place)) return fitted(run, way, visited);
      if (!isSet(tried, place)) {
        set(tried, place);
        if ((run.left -= 1) < 0) return null;
        if (!isWhole) {
          way.push(place);
          visited.push(place);
        }
        const now = this.steps[step]!;
        fits = true;
        step += 1;
        switch (now.do) {
          case 'one': {
            const letter = this.letterAt(text, at);
            fits = letter !== '' && now.fits(letter);
            at += letter.length;
            break;
          }
          case 'split':
            others.push([now.second, at, slots, way.length]);
            step = now.first;
            break;
          case 'jump':
            step = now.to;
            break;
          case 'keep':
            if (isWhole) (slots = slots.slice())[now.slot] = at;
            break;
          case 'forget':
            if (isWhole) slots = slots.slice().fill(-1, now.from, now.to);
            break;
          case 'edge':
            fits = this.isEdge(now.of, text, at);
            break;
          case 'ahead':
            fits = (this.run(run, now.start, at, false) !== null) !== now.isNegative;
            step = now.next;
            break;
          case 'done':
            if (!isWhole) return fitted(run, way, visited);
            slots = slots.slice();
            slots[1] = at;
            return slots;
        }
      }
      if (fits) continue;
      const other = others.pop();
      if (!other) return null;
      [step, at, slots] = other;
      way.length = other[3];
    }
  }

  private isEdge(of: '^' | '$' | 'b' | 'B', text: string, at: number): boolean {
    switch (of) {
      case '^':
        return at === 0 || (this.isMultiline && isLineEnd(text[at - 1]!));
      case '$':
        return at === text.length || (this.isMultiline && isLineEnd(text[at]!));
      default: {
        const word = (place: number) => place >= 0 && place < text.length && this.isWord(text[place]!);
        return (word(at - 1) !== word(at)) === (of === 'b');
      }
    }
  }
}

/** From every place on the way of a look ahead that fitted, it fits. What failed may have failed at a place that was being tried. */
function fitted(run: Run, way: number[], visited: number[]): number[] {
  run.good ??= new Uint32Array(run.tried.length);
  for (const place of visited) run.tried[place >>> 5]! &= ~(1 << (place & 31));
  for (const place of way) set(run.good, place);
  return way;
}

interface Run {
  text: string;
  /** Steps that may still be made. */
  left: number;
  width: number;
  /** Places of the program and the text that lead to nothing, or are being tried. */
  tried: Uint32Array;
  /** Those within looks ahead that fit. */
  good: Uint32Array | null;
}

const isSet = (bits: Uint32Array, at: number) => (bits[at >>> 5]! & (1 << (at & 31))) !== 0;
const set = (bits: Uint32Array, at: number) => {
  bits[at >>> 5]! |= 1 << (at & 31);
};
const isLineEnd = (letter: string) => letter === '\n' || letter === '\r' || letter === '\u2028' || letter === '\u2029';
