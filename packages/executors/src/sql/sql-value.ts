/** What Postgres sends as text, as JSON. A number that JSON could not say exactly stays text. */
import type { Json } from '@weft/contract';

import { arrayOf } from './array-text.ts';

type Read = (text: string) => Json;

type KnownType = { name: string; read: Read };

const asText: Read = (text) => text;

/** A double says fifteen digits of any decimal number exactly. */
const EXACT_DIGITS = 15;

const TYPES: ReadonlyMap<number, KnownType> = new Map<number, KnownType>([
  [16, { name: 'bool', read: (text) => text === 't' }],
  [17, { name: 'bytea', read: (text) => Buffer.from(text.slice(2), 'hex').toString('base64') }],
  [20, { name: 'int8', read: exactNumber }],
  [21, { name: 'int2', read: Number }],
  [23, { name: 'int4', read: Number }],
  [26, { name: 'oid', read: Number }],
  [700, { name: 'float4', read: finiteNumber }],
  [701, { name: 'float8', read: finiteNumber }],
  [1700, { name: 'numeric', read: exactNumber }],
  [25, { name: 'text', read: asText }],
  [1042, { name: 'bpchar', read: asText }],
  [1043, { name: 'varchar', read: asText }],
  [19, { name: 'name', read: asText }],
  [2950, { name: 'uuid', read: asText }],
  [1082, { name: 'date', read: asText }],
  [1083, { name: 'time', read: asText }],
  [1114, { name: 'timestamp', read: (text) => text.replace(' ', 'T') }],
  [1184, { name: 'timestamptz', read: instant }],
  [114, { name: 'json', read: asJson }],
  [3802, { name: 'jsonb', read: asJson }],
]);

/** The array types of those. */
const ARRAYS: ReadonlyMap<number, number> = new Map([
  [1000, 16],
  [1001, 17],
  [1016, 20],
  [1005, 21],
  [1007, 23],
  [1028, 26],
  [1021, 700],
  [1022, 701],
  [1231, 1700],
  [1009, 25],
  [1014, 1042],
  [1015, 1043],
  [1003, 19],
  [2951, 2950],
  [1182, 1082],
  [1183, 1083],
  [1115, 1114],
  [1185, 1184],
  [199, 114],
  [3807, 3802],
]);

/** The name of a type and how its values are read; a type that is not known here is read as text. */
export function sqlType(oid: number): KnownType {
  const known = TYPES.get(oid);
  if (known !== undefined) return known;
  const element = TYPES.get(ARRAYS.get(oid) ?? 0);
  if (element === undefined) return { name: `oid:${oid}`, read: asText };
  return { name: `${element.name}[]`, read: (text) => arrayOf(text, element.read) };
}

function exactNumber(text: string): Json {
  const digits = text.replace(/^-?0*\.?0*|\./g, '').length;
  if (digits <= EXACT_DIGITS) return finiteNumber(text);
  const value = Number(text);
  return Number.isSafeInteger(value) && /^-?\d+$/.test(text) ? value : text;
}

function finiteNumber(text: string): Json {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

/** The session speaks UTC. */
function instant(text: string): string {
  return text.replace(' ', 'T').replace(/\+00(:00)?$/, 'Z');
}

function asJson(text: string): Json {
  return JSON.parse(text) as Json;
}
