/** Nodes without a worker: `transform`, `interrupt`, `subgraph`. */
import { isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';
import { type Fields } from '../foreign/fields.ts';
import { type ImportPath, quote } from '../foreign/import-log.ts';
import { parseJson } from '../parse-json.ts';
import { mapStatePath } from './expressions.ts';
import type { NodeContext } from './node-context.ts';
import { looksLikeTemplate, plainTemplate } from './rewrite-template.ts';
import { readStatePath, toReference } from './state-path.ts';

/** `updates` are values, never templates: what would be read as one here is written so that it stays text. */
export function mapTransform(fields: Fields, { name, scope }: NodeContext): JsonObject {
  fields.leave('store_updates', 'store_updates', 'there is no store here; nothing is written to one');
  const path = fields.at('updates');
  const updates: JsonObject = {};
  for (const [key, value] of Object.entries(readUpdates(fields))) {
    const native = scope.state.write(key, path);
    if (native === undefined) continue;
    updates[native] = plainValue(value, path, fields);
    fields.log.origin(['nodes', name, 'updates', native], path);
  }
  return { type: 'transform', updates };
}

/** An object, or its JSON as text. */
function readUpdates(fields: Fields): JsonObject {
  const value = fields.any('updates');
  if (value === undefined || isObject(value)) return value ?? {};
  if (typeof value !== 'string') {
    fields.log.error('bad_type', fields.at('updates'), '"updates" must be an object, or JSON of one as text');
    return {};
  }
  const parsed = parseJson(value, { maxDepth: 50 });
  if (parsed.ok && isObject(parsed.value)) return parsed.value;
  const [first] = parsed.ok ? [] : parsed.errors;
  fields.log.error(
    'invalid_value',
    fields.at('updates'),
    `"updates" is no JSON of an object${first ? `: ${first.message}` : ''}`,
  );
  return {};
}

function plainValue(value: Json, path: ImportPath, fields: Fields): Json {
  if (typeof value === 'string') {
    if (!looksLikeTemplate(value)) return value;
    const message = `NullBoiler does not render ${quote(value)} in updates, and so it is plain text here`;
    fields.log.remark('literal_template', path, message);
    return plainTemplate(value);
  }
  if (Array.isArray(value)) return value.map((item) => plainValue(item, path, fields));
  if (!isObject(value)) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  // An object with one of these keys alone would be computed, or taken for a secret; so it is computed to be itself.
  if (entries.length === 1 && only && ['cel', 'secret'].includes(only[0]) && typeof only[1] === 'string') {
    return { cel: `{${JSON.stringify(only[0])}: ${JSON.stringify(only[1])}}` };
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, plainValue(item, path, fields)]));
}

export function mapInterrupt(fields: Fields): JsonObject {
  const message = fields.text('message');
  if (message === undefined) return { type: 'interrupt' };
  if (looksLikeTemplate(message)) {
    fields.log.remark(
      'literal_template',
      fields.at('message'),
      'NullBoiler does not render the message of an interrupt',
    );
  }
  return { type: 'interrupt', message };
}

/**
 * The child gets what `input_mapping` picks, and `output_key` is the same key in the child's final state, which is the
 * output of every imported workflow.
 */
export function mapSubgraph(fields: Fields, context: NodeContext): JsonObject | undefined {
  const workflow = fields.text('workflow_id');
  if (workflow === undefined) {
    fields.log.error('missing_field', fields.at('workflow_id'), 'a subgraph needs the workflow_id of its workflow');
    return undefined;
  }
  const key = fields.text('output_key') ?? 'output';
  const native = context.scope.state.write(key, fields.at('output_key'));
  const reference = toReference('', readStatePath(key) ?? [key]);
  if (reference === undefined) fields.log.remark('bad_path', fields.at('output_key'), 'no such key can be read here');
  return {
    type: 'subgraph',
    workflow,
    input: inputOf(fields, context),
    ...(native !== undefined && reference !== undefined && { outputMapping: { [native]: reference } }),
  };
}

function inputOf(fields: Fields, { scope, name }: NodeContext): JsonObject {
  const input: JsonObject = {};
  const mapping = fields.object('input_mapping') ?? {};
  for (const [key, source] of Object.entries(mapping)) {
    const path = [...fields.at('input_mapping'), key];
    const found = typeof source === 'string' ? mapStatePath(source, path, scope) : undefined;
    const reference = found && toReference(found.root, found.path);
    if (reference === undefined)
      fields.log.remark('bad_path', path, 'no path into the state; the child does not get this key');
    else input[key] = `\${${reference}}`;
    fields.log.origin(['nodes', name, 'input', key], path);
  }
  if (Object.keys(input).length > 0) {
    const message = 'where the state lacks a path, NullBoiler leaves the key out; here the child gets null for it';
    fields.log.remark('missing_is_null', fields.at('input_mapping'), message);
  }
  return input;
}
