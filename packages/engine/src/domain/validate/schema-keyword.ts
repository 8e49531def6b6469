/** What the value of a JSON Schema keyword must be. */
import { asObject } from './draft.ts';

type Check = { holds: (operand: unknown) => boolean; fault: string };

const TYPES: ReadonlySet<unknown> = new Set(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string']);

const text: Check = { holds: (operand) => typeof operand === 'string', fault: 'must be text' };
const number: Check = { holds: (operand) => typeof operand === 'number', fault: 'must be a number' };
const flag: Check = { holds: (operand) => typeof operand === 'boolean', fault: 'must be true or false' };
const count: Check = {
  holds: (operand) => Number.isSafeInteger(operand) && Number(operand) >= 0,
  fault: 'must be an integer, at least 0',
};
const names: Check = { holds: isNameList, fault: 'must be an array of different names' };
const object: Check = { holds: (operand) => asObject(operand) !== undefined, fault: 'must be an object of schemas' };
const schemas: Check = {
  holds: (operand) => Array.isArray(operand) && operand.length > 0,
  fault: 'must be an array of schemas, not an empty one',
};

const checks = new Map<string, Check>([
  ...keywords('$ref $id $schema $anchor $comment title description format', text),
  ...keywords('minimum maximum exclusiveMinimum exclusiveMaximum', number),
  ...keywords('minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains', count),
  ...keywords('uniqueItems readOnly writeOnly deprecated', flag),
  ...keywords('properties patternProperties dependentSchemas dependencies $defs definitions', object),
  ...keywords('allOf anyOf oneOf prefixItems', schemas),
  ['required', names],
  ['type', { holds: isType, fault: `must be one of ${[...TYPES].join(', ')}, or an array of them` }],
  [
    'enum',
    { holds: (operand) => Array.isArray(operand) && operand.length > 0, fault: 'must be an array, not an empty one' },
  ],
  ['multipleOf', { holds: (operand) => typeof operand === 'number' && operand > 0, fault: 'must be a number above 0' }],
  ['pattern', { holds: isPattern, fault: 'must be a regular expression' }],
  ['dependentRequired', { holds: isMapOfNameLists, fault: 'must be an object of arrays of names' }],
]);

/** Why the operand does not fit the keyword; undefined if it does, or if nothing is known of the keyword. */
export function faultOf(keyword: string, operand: unknown): string | undefined {
  if (keyword === 'patternProperties' && asObject(operand) && !Object.keys(operand as object).every(isPattern)) {
    return 'must have regular expressions as names';
  }
  const check = checks.get(keyword);
  return check === undefined || check.holds(operand) ? undefined : check.fault;
}

function keywords(list: string, check: Check): [string, Check][] {
  return list.split(' ').map((keyword) => [keyword, check]);
}

function isNameList(operand: unknown): boolean {
  return (
    Array.isArray(operand) &&
    operand.every((name) => typeof name === 'string') &&
    new Set(operand).size === operand.length
  );
}

function isMapOfNameLists(operand: unknown): boolean {
  return asObject(operand) !== undefined && Object.values(operand as object).every(isNameList);
}

function isType(operand: unknown): boolean {
  if (!Array.isArray(operand)) return TYPES.has(operand);
  return operand.length > 0 && new Set(operand).size === operand.length && operand.every((type) => TYPES.has(type));
}

function isPattern(operand: unknown): boolean {
  try {
    return typeof operand === 'string' && new RegExp(operand, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
