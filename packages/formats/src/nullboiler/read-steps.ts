/**
 * The list of `steps` as NullBoiler expands it: under the strategy `chain` each step depends on the one before, under
 * `independent` on none, without a strategy on what its `depends_on` says; `reduce` is one more step that depends on all. A
 * step with a strategy of its own holds a list of its own.
 */
import { isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';
import { Fields } from '../foreign/fields.ts';
import { type ImportPath, quote } from '../foreign/import-log.ts';

/** A step, or a whole list in the place of one. */
export type StepItem = { id: string; fields: Fields; value: JsonObject; dependsOn: Dependency[]; list?: StepList };
/** The path is absent where the strategy says so. */
export type Dependency = { id: string; path?: ImportPath };
export type StepList = { items: StepItem[]; byId: Map<string, StepItem>; parent: StepList | undefined };

/** The strategies that NullBoiler ships, and what their files say of them. */
const STRATEGIES = new Map<string, 'chain' | 'independent'>([
  ['chain', 'chain'],
  ['sequential', 'chain'],
  ['independent', 'independent'],
  ['parallel', 'independent'],
]);
const REDUCE = '__reduce';

/** Reads `steps`, `strategy` and `reduce`; everything that is wrong is an error at its place. */
export function readSteps(owner: Fields, parent?: StepList): StepList {
  const list: StepList = { items: [], byId: new Map(), parent };
  const values = owner.list('steps') ?? [];
  if (owner.has('steps') && values.length === 0) {
    owner.log.error('invalid_value', owner.at('steps'), 'a list of steps needs at least one');
  }
  const strategy = readStrategy(owner);
  if (!owner.log.admits(values.length, owner.at('steps'))) return list;
  for (const [index, value] of values.entries()) {
    const item = readItem(value, [...owner.at('steps'), index], { owner, list, strategy });
    if (item) list.items.push(item);
  }
  if (strategy.build === 'chain') chain(list.items);
  readReduce(owner, list, strategy);
  for (const item of list.items) checkDependencies(item, list);
  return list;
}

type Strategy = { isGiven: boolean; build: 'chain' | 'independent' | undefined };
type Reading = { owner: Fields; list: StepList; strategy: Strategy };

function readStrategy(owner: Fields): Strategy {
  const isGiven = owner.has('strategy');
  const name = owner.text('strategy');
  const build = name === undefined ? undefined : STRATEGIES.get(name);
  if (name !== undefined && build === undefined) {
    const known = [...STRATEGIES.keys()].join(', ');
    owner.log.error('invalid_value', owner.at('strategy'), `there is no strategy ${quote(name)}; there are ${known}`);
  }
  return { isGiven, build };
}

function readItem(value: Json, path: ImportPath, { owner, list, strategy }: Reading): StepItem | undefined {
  if (!isObject(value)) {
    owner.log.error('bad_type', path, 'a step is an object');
    return undefined;
  }
  const fields = new Fields(value, path, owner.log);
  const dependsOn = readDependencies(fields);
  if (strategy.isGiven && fields.has('depends_on')) {
    owner.log.error(
      'invalid_value',
      fields.at('depends_on'),
      'a strategy says what depends on what: leave depends_on out',
    );
  }
  const id = readId(fields, list);
  if (id === undefined) return undefined;
  const item: StepItem = { id, fields, value, dependsOn };
  const nested = readNested(fields, list);
  if (nested) item.list = nested;
  list.byId.set(id, item);
  return item;
}

function readId(fields: Fields, list: StepList): string | undefined {
  const id = fields.text('id');
  if (id === undefined && fields.has('id')) return undefined;
  if (id === undefined || id === '') {
    fields.log.error('missing_field', fields.at('id'), 'a step needs an id');
    return undefined;
  }
  if (!list.byId.has(id)) return id;
  fields.log.error('duplicate_name', fields.at('id'), `there is another step ${quote(id)}`);
  return undefined;
}

function readDependencies(fields: Fields): Dependency[] {
  const found = new Map<string, Dependency>();
  for (const [index, id] of (fields.list('depends_on') ?? []).entries()) {
    const path = [...fields.at('depends_on'), index];
    if (typeof id !== 'string') fields.log.error('bad_type', path, 'expected the id of a step');
    else if (found.has(id)) fields.log.error('duplicate_name', path, `${quote(id)} is given twice`);
    else found.set(id, { id, path });
  }
  return [...found.values()];
}

/** A step with a strategy and steps, or one that NullBoiler has already expanded into a `sub_workflow`. */
function readNested(fields: Fields, list: StepList): StepList | undefined {
  if (fields.has('steps') && fields.has('strategy')) return readSteps(fields, list);
  if (fields.has('steps')) {
    fields.log.error('missing_field', fields.at('strategy'), 'a step that holds steps needs a strategy');
    fields.any('steps');
    return undefined;
  }
  if (fields.has('workflow')) {
    const workflow = fields.object('workflow');
    return workflow && readSteps(new Fields(workflow, fields.at('workflow'), fields.log), list);
  }
  fields.leave('strategy', 'no_effect', 'a strategy without steps does nothing');
  fields.leave('reduce', 'no_effect', 'there are no steps to reduce');
  return undefined;
}

function chain(items: readonly StepItem[]): void {
  for (const [index, item] of items.entries()) {
    const previous = items[index - 1];
    item.dependsOn = previous ? [{ id: previous.id }] : [];
  }
}

function readReduce(owner: Fields, list: StepList, { isGiven }: Strategy): void {
  if (!isGiven) return owner.leave('reduce', 'no_effect', 'NullBoiler reduces only what a strategy expands');
  const value = owner.object('reduce');
  if (value === undefined) return;
  const fields = new Fields(value, owner.at('reduce'), owner.log);
  fields.leave('depends_on', 'no_effect', 'a reduce depends on all steps');
  fields.leave('type', 'no_effect', 'a reduce is a task');
  const id = fields.has('id') ? readId(fields, list) : REDUCE;
  if (id === undefined) return;
  if (list.byId.has(id)) return owner.log.error('duplicate_name', fields.path, `there is another step ${quote(id)}`);
  const item: StepItem = { id, fields, value, dependsOn: list.items.map((step) => ({ id: step.id })) };
  list.byId.set(id, item);
  list.items.push(item);
}

function checkDependencies(item: StepItem, list: StepList): void {
  for (const { id, path } of item.dependsOn) {
    if (list.byId.has(id) || path === undefined) continue;
    item.fields.log.error('missing_reference', path, `there is no step ${quote(id)}`);
  }
}
