/**
 * NullBoiler's workflows: a graph (`nodes` and `edges`), or the older list of `steps` with its strategies. The mapping as a
 * table is in docs/formats.md.
 */
import { isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';
import { Fields } from '../foreign/fields.ts';
import { type ImportLog, quote } from '../foreign/import-log.ts';
import { importGraph } from './import-graph.ts';
import { importSteps } from './import-steps.ts';

const NAMELESS = 'nullboiler';
const NONE: ReadonlySet<string> = new Set();

/** Makes the native document, or logs errors. Never throws. */
export function importNullboiler(value: Json, log: ImportLog): JsonObject | undefined {
  if (!isObject(value)) {
    log.error('bad_type', [], 'a workflow is an object');
    return undefined;
  }
  const outer = new Fields(value, [], log);
  const body = unwrap(value, outer) ?? outer;
  const head = headOf(body === outer ? [outer] : [body, outer]);
  leaveRest(body, outer);
  const graph = mapBody(body);
  if (graph === undefined) return undefined;
  body.finish(NONE, 'a workflow');
  if (body !== outer) outer.finish(NONE, 'a stored workflow');
  return { ...head, ...graph };
}

/** What the API of NullBoiler answers holds the workflow as its `definition`. */
function unwrap(value: JsonObject, outer: Fields): Fields | undefined {
  if (outer.has('nodes') || outer.has('steps')) return undefined;
  for (const key of ['definition', 'definition_json']) {
    const inner = Object.hasOwn(value, key) ? value[key] : undefined;
    if (!isObject(inner)) continue;
    outer.any(key);
    return new Fields(inner, [key], outer.log);
  }
  return undefined;
}

/** Workflows refer to each other by `id`, so that is the name here; `name` is then for people. */
function headOf(places: readonly Fields[]): JsonObject {
  const ids = places.map((fields) => ({ fields, key: 'id', text: fields.text('id') }));
  const titles = places.map((fields) => ({ fields, key: 'name', text: fields.text('name') }));
  const found = [...ids, ...titles].find(({ text }) => text !== undefined && text !== '');
  const title = titles.find(({ text }) => text !== undefined && text !== '');
  const [{ log }] = places as [Fields];
  if (found?.text === undefined) {
    log.remark('no_name', [], `the workflow has neither id nor name; it is called ${quote(NAMELESS)}`);
    return { name: NAMELESS };
  }
  log.origin(['name'], found.fields.at(found.key));
  if (title?.text === undefined || title.text === found.text) return { name: found.text };
  log.origin(['description'], title.fields.at('name'));
  return { name: found.text, description: title.text };
}

/** Fields of the whole document that have no equal here. */
function leaveRest(...places: Fields[]): void {
  for (const fields of new Set(places)) {
    fields.leave('version', 'version', 'a version is given when the workflow is saved');
    fields.leave('defaults', 'no_effect', 'NullBoiler does nothing with defaults; they are left out');
    fields.leave('task_id', 'task_id', 'runs are not held against the task of a tracker');
    for (const key of ['input', 'callbacks', 'config', 'idempotency_key']) {
      fields.leave(key, 'run_field', `${quote(key)} belongs to a run: give it when one is started`);
    }
    for (const key of ['created_at_ms', 'updated_at_ms'])
      fields.leave(key, 'no_effect', 'it says nothing of the workflow');
  }
}

function mapBody(body: Fields): JsonObject | undefined {
  if (body.has('nodes')) return importGraph(body);
  if (body.has('steps')) return importSteps(body);
  body.log.error('missing_field', body.at('nodes'), 'a workflow has nodes and edges, or steps');
  return undefined;
}
