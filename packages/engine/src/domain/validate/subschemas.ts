import { asObject, type RawObject } from './draft.ts';
import type { IssuePath } from './document-issue.ts';

/** A schema within a schema; `inPlace` says that it is applied to the same value as its owner. */
export type Subschema = { value: unknown; path: IssuePath; owner: unknown; inPlace: boolean };

/** Which keywords hold schemas: one, a list, or a map; and which apply them to the same value. */
const ONE =
  'not if then else additionalProperties unevaluatedProperties additionalItems unevaluatedItems contains propertyNames';
const LIST = 'allOf anyOf oneOf prefixItems';
const MAP = 'properties patternProperties dependentSchemas $defs definitions';
const IN_PLACE = 'not if then else allOf anyOf oneOf dependentSchemas dependencies';

const one = new Set(ONE.split(' '));
const list = new Set(LIST.split(' '));
const map = new Set(MAP.split(' '));
const inPlace = new Set(IN_PLACE.split(' '));

/** The schema and all schemas in it, outer ones first. */
export function subschemasOf(root: RawObject, path: IssuePath): Subschema[] {
  const found: Subschema[] = [{ value: root, path, owner: undefined, inPlace: false }];
  // Goes on to what is pushed on the way.
  for (const subschema of found) for (const child of childrenOf(subschema)) found.push(child);
  return found;
}

function childrenOf({ value, path }: Subschema): Subschema[] {
  return Object.entries(asObject(value) ?? {}).flatMap(([keyword, operand]) =>
    operandsOf(keyword, operand).map(([tokens, child]) => ({
      value: child,
      path: [...path, keyword, ...tokens],
      owner: value,
      inPlace: inPlace.has(keyword),
    })),
  );
}

/** The schemas that a keyword holds, each with its tokens below the keyword. */
function operandsOf(keyword: string, operand: unknown): [(string | number)[], unknown][] {
  if (keyword === 'items') return Array.isArray(operand) ? members(operand) : [[[], operand]];
  if (keyword === 'dependencies') return members(operand).filter(([, member]) => !Array.isArray(member));
  if (one.has(keyword)) return [[[], operand]];
  if (list.has(keyword)) return Array.isArray(operand) ? members(operand) : [];
  return map.has(keyword) && asObject(operand) ? members(operand) : [];
}

function members(operand: unknown): [(string | number)[], unknown][] {
  if (Array.isArray(operand)) return operand.map((member, index) => [[index], member]);
  return Object.entries(asObject(operand) ?? {}).map(([name, member]) => [[name], member]);
}
