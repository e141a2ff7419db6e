/** A new column calculated from others. */

import type { Field, FieldType, Frame } from '../frame';
import type { Json, JsonObject } from '../model';
import { fieldMatch, isObject, textOf, textsOf } from '../display/matchers';
import type { Matcher } from '../display/matchers';
import { isReducer, numberOf, reduceField, reducerOf } from '../display';
import type { Run, Transform } from './frames';
import { column, Names, timeField, withFields } from './frames';
import { resultType } from './group-by';
import { asColumns } from './join';
import { cumulative, moving } from './running';

const finite = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** What a number and another give; comparisons give whether they hold. */
const binaries: Record<string, (left: number, right: number) => number | boolean | null> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => finite(left / right),
  '**': (left, right) => finite(left ** right),
  '%': (left, right) => finite(left % right),
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '<': (left, right) => left < right,
  '>=': (left, right) => left >= right,
  '<=': (left, right) => left <= right,
};

const unaries: Record<string, (value: number) => number> = {
  abs: Math.abs,
  exp: Math.exp,
  ln: Math.log,
  floor: Math.floor,
  ceil: Math.ceil,
  round: Math.round,
  trunc: Math.trunc,
};

interface Made {
  name: string;
  type: FieldType;
  values: unknown[];
  config?: Field['config'];
}

type Make = (frame: Frame, names: Names) => Made[];

/** A field of the frame, or one number for all rows. */
type Operand = { name: string; field: Field } | { name: string; fixed: number };

const numberText = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;

/** An operand: a name, a number as text, `{fixed}` or `{matcher}`. */
function operands(given: Json | undefined, frame: Frame, names: Names, run: Run): Operand[] {
  if (isObject(given) && isObject(given.matcher) && given.matcher.id !== undefined && given.matcher.id !== '') {
    const { matcher } = given;
    if (matcher.id === 'byName') return operands(matcher.options, frame, names, run);
    const match = fieldMatch(matcher as unknown as Matcher, run.problem);
    return frame.fields.flatMap((field) => {
      const name = names.of(field, frame);
      return match(field, frame, name) ? [{ name, field }] : [];
    });
  }
  const text = run.interpolate(isObject(given) ? textOf(given.fixed) : textOf(given));
  const field = isObject(given) ? undefined : names.find(frame, text);
  if (field) return [{ name: names.of(field, frame), field }];
  return numberText.test(text) ? [{ name: text, fixed: Number(text) }] : [];
}

function binary(options: JsonObject, run: Run): Make {
  const operator = textOf(options.operator) || '+';
  const calculate = Object.hasOwn(binaries, operator) ? binaries[operator] : undefined;
  if (!calculate) {
    run.problem(`the operator ${JSON.stringify(operator)} is not known`);
    return () => [];
  }
  return (frame, names) => {
    const [lefts, [right]] = [operands(options.left, frame, names, run), operands(options.right, frame, names, run)];
    if (!right) return [];
    return lefts.map((left) => {
      const values = new Array<unknown>(frame.length);
      for (let row = 0; row < frame.length; row += 1) {
        const [a, b] = [at(left, row), at(right, row)];
        // What is missing on one side has no result; it is not zero.
        values[row] = a === null || b === null ? null : calculate(a, b);
      }
      return { name: `${left.name} ${operator} ${right.name}`, type: '=!<>'.includes(operator[0]!) ? 'boolean' : 'number', values };
    });
  };
}

function at(operand: Operand, row: number): number | null {
  if ('fixed' in operand) return operand.fixed;
  const value = operand.field.values[row];
  return value == null ? null : numberOf(value);
}

function unary(options: JsonObject, run: Run): Make {
  const operator = textOf(options.operator) || 'abs';
  const calculate = Object.hasOwn(unaries, operator) ? unaries[operator] : undefined;
  if (!calculate) {
    run.problem(`the operator ${JSON.stringify(operator)} is not known`);
    return () => [];
  }
  return (frame, names) =>
    operands(isObject(options.matcher) ? { matcher: options.matcher } : options.fieldName, frame, names, run).flatMap((one): Made[] =>
      'field' in one ? [{ name: `${operator}(${one.name})`, type: 'number', values: one.field.values.map((value) => (value == null ? null : calculate(numberOf(value)))) }] : [],
    );
}

/** All numbers of a row as one, by a calculation. */
function reduceRow(options: JsonObject, run: Run): Make {
  const calc = textOf(options.reducer) || 'sum';
  if (!isReducer(calc)) {
    run.problem(`the calculation ${JSON.stringify(calc)} is not known`);
    return () => [];
  }
  const chosen = textsOf(options.include).map((name) => run.interpolate(name));
  return (frame, names) => {
    const included = frame.fields.filter((field) => (chosen.length > 0 ? chosen.includes(names.of(field, frame)) || chosen.includes(field.name) : field.type === 'number' || field.type === 'boolean'));
    if (included.length === 0) return [];
    const config = { nullValueMode: textOf(options.nullValueMode) || 'connected' };
    const values = new Array<unknown>(frame.length);
    for (let row = 0; row < frame.length; row += 1) values[row] = reduceField(column('row', included[0]!.type, included.map((field) => field.values[row]), config), calc);
    return [{ name: reducerOf(calc)?.name ?? calc, type: resultType(calc, included[0]!, values), values }];
  };
}

function running(mode: string, options: JsonObject, run: Run): Make {
  const isWindow = mode === 'windowFunctions';
  const calc = textOf(options.reducer) || (isWindow ? 'mean' : 'sum');
  if (!(isWindow ? ['mean', 'stdDev', 'variance'] : ['sum', 'mean']).includes(calc)) {
    run.problem(`${mode} does not know the calculation ${JSON.stringify(calc)}`);
    return () => [];
  }
  return (frame, names) => {
    const field = names.find(frame, run.interpolate(textOf(options.field)));
    if (!field) return [];
    const name = names.of(field, frame);
    const numbers = field.values.map((value) => (value == null ? null : finite(numberOf(value))));
    if (!isWindow) return [{ name: `cumulative ${calc}(${name})`, type: 'number', values: cumulative(numbers, calc) }];
    const size = Number(options.windowSize ?? 0.1);
    const rows = options.windowSizeMode === 'fixed' ? Math.round(size) : Math.ceil(size * frame.length);
    const alignment = options.windowAlignment === 'centered' ? 'centered' : 'trailing';
    return [{ name: `${alignment} moving ${calc}(${name})`, type: 'number', values: moving(numbers, Math.max(1, rows), alignment, calc) }];
  };
}

function rowIndex(options: JsonObject): Make {
  const asShare = options.asPercentile === true;
  return (frame) => [
    {
      name: 'Row',
      type: 'number',
      values: Array.from({ length: frame.length }, (_, row) => (asShare ? row / frame.length : row)),
      config: asShare ? { unit: 'percentunit' } : {},
    },
  ];
}

function maker(options: JsonObject, run: Run): Make {
  const mode = textOf(options.mode) || 'reduceRow';
  const part = (key: string): JsonObject => (isObject(options[key]) ? options[key] : {});
  switch (mode) {
    case 'reduceRow':
      return reduceRow(part('reduce'), run);
    case 'binary':
      return binary(part('binary'), run);
    case 'unary':
      return unary(part('unary'), run);
    case 'cumulativeFunctions':
      return running(mode, part('cumulative'), run);
    case 'windowFunctions':
      return running(mode, part('window'), run);
    case 'index':
      return rowIndex(part('index'));
    default:
      run.problem(`the mode ${JSON.stringify(mode)} is not known`);
      return () => [];
  }
}

export const calculateField: Transform = (given, options, run) => {
  const frames = options.timeSeries === false ? given : asColumns(given, run);
  const make = maker(options, run);
  const names = new Names(frames);
  const alias = run.interpolate(textOf(options.alias));
  return frames.map((frame) => {
    const made = make(frame, names);
    if (made.length === 0) return frame;
    const fields = made.map(({ name, type, values, config }) => column(alias === '' ? name : made.length === 1 ? alias : `${alias} ${name}`, type, values, config));
    if (options.replaceFields !== true) return withFields(frame, [...frame.fields, ...fields]);
    const time = timeField(frame);
    return withFields(frame, time ? [time, ...fields] : fields);
  });
};
