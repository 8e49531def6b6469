/** The JSON Schemas of a document: that they are some, that their references exist, and that using them comes to an end. */
import { backEdges } from '../graph/back-edges.ts';
import { asObject, type RawObject } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';
import { faultOf } from './schema-keyword.ts';
import { type Subschema, subschemasOf } from './subschemas.ts';

/** What is no object is told by the schema of the document. */
export function checkSchema(schema: unknown, path: IssuePath, issues: Issues): void {
  const root = asObject(schema);
  if (!root) return;
  const subschemas = subschemasOf(root, path);
  for (const subschema of subschemas) checkKeywords(subschema, issues);
  checkReferences(root, subschemas, issues);
}

function checkKeywords({ value, path }: Subschema, issues: Issues): void {
  if (typeof value === 'boolean') return;
  const schema = asObject(value);
  if (!schema) return issues.add('bad_schema', path, 'a schema is an object, true or false');
  for (const [keyword, operand] of Object.entries(schema)) {
    const fault = faultOf(keyword, operand);
    if (fault !== undefined) issues.add('bad_schema', [...path, keyword], `${quote(keyword)} ${fault}`);
  }
}

/** A reference stays within the schema; nothing is ever fetched. */
function checkReferences(root: RawObject, subschemas: readonly Subschema[], issues: Issues): void {
  const byValue = new Map<unknown, Subschema>(subschemas.map((subschema) => [subschema.value, subschema]));
  const anchors = new Map<unknown, unknown>();
  for (const { value } of subschemas) {
    const schema = asObject(value);
    for (const name of ['$anchor', '$id'])
      if (schema && typeof schema[name] === 'string') anchors.set(schema[name], schema);
  }
  const targets = new Map<unknown, unknown>();
  for (const { value, path } of subschemas) {
    const reference = asObject(value)?.['$ref'];
    if (typeof reference !== 'string') continue;
    const target = resolve(reference, root, anchors);
    if (byValue.has(target)) targets.set(value, target);
    else issues.add('bad_schema', [...path, '$ref'], `${quote(reference)} leads to no schema in this document`);
  }
  checkEnds(subschemas, targets, issues);
}

function resolve(reference: string, root: RawObject, anchors: ReadonlyMap<unknown, unknown>): unknown {
  if (!reference.startsWith('#')) return anchors.get(reference);
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return anchors.get(reference.slice(1));
  let current: unknown = root;
  for (const token of pointerTokens(reference)) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, token)) return undefined;
    current = (current as RawObject)[token];
  }
  return current;
}

function pointerTokens(reference: string): string[] {
  const tokens = reference.slice(2).split('/');
  return tokens.map((token) => decode(token).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function decode(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

/** A schema that applies itself to the same value would be applied for ever. */
function checkEnds(subschemas: readonly Subschema[], targets: ReadonlyMap<unknown, unknown>, issues: Issues): void {
  const places = new Map<unknown, IssuePath>(subschemas.map(({ value, path }) => [value, path]));
  const inPlace = Map.groupBy(
    subschemas.filter((subschema) => subschema.inPlace),
    (subschema) => subschema.owner,
  );
  const edgesFrom = (value: unknown): { to: unknown }[] => {
    const children = (inPlace.get(value) ?? []).map((child) => ({ to: child.value }));
    return targets.has(value) ? [...children, { to: targets.get(value) }] : children;
  };
  const roots = subschemas.flatMap(({ value }) => (asObject(value) ? [value] : []));
  for (const { edge } of backEdges<unknown, { to: unknown }>(roots, edgesFrom)) {
    issues.add(
      'bad_schema',
      places.get(edge.to) ?? subschemas[0]?.path ?? [],
      'the schema refers to itself for the same value, without end',
    );
  }
}
