/** An expression `left op number`, which is better drawn as its left side with a line at the number. */
export interface Threshold {
  left: string;
  operator: string;
  value: number;
}

const opening = '([{';
const closing = ')]}';
const number = /^[+-]?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf)$/i;

/**
 * Splits `expression` at its only comparison outside brackets and quotes, when the right side is a number.
 * `null` when it is anything else: the set operators, a second comparison, `bool`, a number on the left.
 */
export function threshold(expression: string): Threshold | null {
  let depth = 0;
  let found: { at: number; operator: string } | null = null;
  for (let at = 0; at < expression.length; at += 1) {
    const character = expression[at]!;
    if (character === '#') return null;
    if (character === '"' || character === "'" || character === '`') {
      at = endOfQuote(expression, at);
    } else if (opening.includes(character)) {
      depth += 1;
    } else if (closing.includes(character)) {
      depth -= 1;
    } else if (depth === 0) {
      const operator = /^(?:==|!=|>=|<=|>|<)/.exec(expression.slice(at))?.[0];
      if (operator) {
        if (found) return null;
        found = { at, operator };
        at += operator.length - 1;
      } else if (/^(?:and|or|unless)\b/i.test(expression.slice(at)) && !/[\w:]/.test(expression[at - 1] ?? ' ')) {
        return null;
      }
    }
  }
  if (!found) return null;
  const left = expression.slice(0, found.at).trim();
  const right = expression.slice(found.at + found.operator.length).trim();
  if (!number.test(right) || left === '' || number.test(left)) return null;
  const value = /inf/i.test(right) ? (right.startsWith('-') ? -Infinity : Infinity) : Number(right);
  return Number.isNaN(value) ? null : { left, operator: found.operator, value };
}

function endOfQuote(text: string, start: number): number {
  const mark = text[start]!;
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\' && mark !== '`') at += 1;
    else if (text[at] === mark) return at;
  }
  return text.length;
}
