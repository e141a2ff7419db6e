/** How many ways a backtracking search may try before it says that a pattern does not fit. */

import { fitter } from './letters';
import type { Node, Tree } from './tree';

/** What stands behind a part: a part that decides by its first character, the end of the pattern, or what is not known. */
type Next = Node | 'end' | undefined;

/** An upper bound for a text of this length; `Infinity` where parts that repeat are nested. */
export function waysToFail({ root }: Tree, flags: string, length: number): number {
  const startsFixed = !flags.includes('m') && first(root)?.kind === 'edge' && (first(root) as { of: string }).of === '^';
  return (startsFixed || flags.includes('y') ? 1 : length + 1) * ways(root, 'end', length, flags);
}

const first = (node: Node): Node | undefined => (node.kind === 'sequence' ? node.items[0] && first(node.items[0]) : node.kind === 'group' ? first(node.body) : node);

function ways(node: Node, next: Next, length: number, flags: string): number {
  switch (node.kind) {
    case 'sequence': {
      let all = 1;
      for (const [at, item] of node.items.entries()) {
        const behind = node.items[at + 1];
        all *= ways(item, behind ? first(behind) : next, length, flags);
      }
      return all;
    }
    case 'choice':
      return node.options.reduce((sum, option) => sum + ways(option, undefined, length, flags), 0);
    case 'group':
      return ways(node.body, next, length, flags);
    case 'ahead':
    case 'behind':
      return ways(node.body, undefined, length, flags);
    case 'repeat':
      return repeated(node, next, length, flags);
    default:
      return 1;
  }
}

function repeated({ min, max, body }: Node & { kind: 'repeat' }, next: Next, length: number, flags: string): number {
  const once = ways(body, undefined, length, flags);
  if (once === 1) return endsBy(body, next, flags) ? 1 : 1 + Math.min(max, length) - Math.min(min, length);
  if (max === Infinity) return Infinity;
  return (max - min + 1) * once ** max;
}

/** Whether only the longest repetition can go on: what stands behind begins with something that the part is not. */
function endsBy(body: Node, next: Next, flags: string): boolean {
  if (next === 'end') return true;
  if (body.kind !== 'one' || !next) return false;
  if (next.kind === 'edge') return next.of === '$' && !flags.includes('m');
  if (next.kind !== 'one') return false;
  const letter = /^(?:\\([^\w\s])|([^\\[.\s]| ))$/.exec(next.source);
  const plain = letter?.[1] ?? letter?.[2];
  if (plain === undefined || (flags.includes('i') && plain.toLowerCase() !== plain.toUpperCase())) return false;
  return !fitter(body.source, flags)(plain);
}
