/** The steps of an execution, each read by itself and then against the others; everything that is wrong is an error at its place. */
import { isObject, NodeName } from '@weft/contract';
import type { Json } from '@weft/contract';
import { Fields } from '../foreign/fields.ts';
import { type ImportPath, quote } from '../foreign/import-log.ts';
import { findCircle } from './find-circle.ts';

export type MeshStepItem = {
  id: string;
  fields: Fields;
  prompt: string;
  dependsOn: { id: string; path: ImportPath }[];
  model: string | undefined;
  tags: string[] | undefined;
  /** USD. */
  estimatedCost: number | undefined;
};

const NONE: ReadonlySet<string> = new Set();
/** Beside what no name of a node holds: ids stand in references. */
const UNREADABLE = /["\\%]/;

export function readSteps(owner: Fields): MeshStepItem[] {
  const path = owner.at('steps');
  if (!owner.has('steps')) owner.log.error('missing_field', path, 'steps are required');
  const values = owner.list('steps') ?? [];
  if (owner.has('steps') && values.length === 0) owner.log.error('no_steps', path, 'there must be at least one step');
  if (!owner.log.admits(values.length, path)) return [];
  const steps = new Map<string, MeshStepItem>();
  for (const [index, value] of values.entries()) {
    const step = readStep(value, [...path, index], owner);
    if (step === undefined) continue;
    const other = steps.get(step.id);
    if (other === undefined) steps.set(step.id, step);
    else owner.log.error('duplicate_name', step.fields.at('id'), `there is another step ${quote(step.id)}`);
  }
  for (const step of steps.values()) checkDependencies(step, steps);
  if (owner.log.hasErrors) checkCircle(steps, owner);
  return Array.from(steps.values());
}

function readStep(value: Json, path: ImportPath, { log }: Fields): MeshStepItem | undefined {
  if (!isObject(value)) {
    log.error('bad_type', path, 'a step is an object');
    return undefined;
  }
  const fields = new Fields(value, path, log);
  const step = {
    id: readId(fields),
    fields,
    prompt: readPrompt(fields),
    dependsOn: readDependencies(fields),
    model: fields.text('model'),
    tags: fields.texts('tags'),
    estimatedCost: readCost(fields),
  };
  fields.finish(NONE, 'a step');
  const { id } = step;
  return id === undefined ? undefined : { ...step, id };
}

function readId(fields: Fields): string | undefined {
  const id = fields.text('id');
  if (id === undefined) {
    if (!fields.has('id')) fields.log.error('missing_field', fields.at('id'), 'a step needs an id');
    return undefined;
  }
  const name = NodeName.safeParse(id);
  const wrong = name.success
    ? UNREADABLE.test(id)
      ? 'an id holds none of " \\ %'
      : null
    : name.error.issues[0]?.message;
  if (wrong) fields.log.error('bad_name', fields.at('id'), `${quote(id)} is no id of a step: ${wrong}`);
  return id;
}

function readPrompt(fields: Fields): string {
  const prompt = fields.text('prompt');
  if (prompt === '') fields.log.error('invalid_value', fields.at('prompt'), 'a prompt must not be empty');
  if (!fields.has('prompt')) fields.log.error('missing_field', fields.at('prompt'), 'a step needs a prompt');
  return prompt ?? '';
}

function readCost(fields: Fields): number | undefined {
  const cost = fields.number('estimatedCost');
  if (cost !== undefined && cost < 0)
    fields.log.error('invalid_value', fields.at('estimatedCost'), 'a cost is not negative');
  return cost;
}

function readDependencies(fields: Fields): MeshStepItem['dependsOn'] {
  const found = new Map<string, MeshStepItem['dependsOn'][number]>();
  for (const [index, id] of (fields.texts('dependsOn') ?? []).entries()) {
    const path = [...fields.at('dependsOn'), index];
    if (found.has(id)) fields.log.error('duplicate_name', path, `${quote(id)} is given twice`);
    else found.set(id, { id, path });
  }
  return Array.from(found.values());
}

/** Elsewhere the validation of the document finds circles; beside other errors it is not reached. */
function checkCircle(steps: ReadonlyMap<string, MeshStepItem>, { log }: Fields): void {
  const found = findCircle(steps);
  if (found) log.error('cycle', found.path, `${quote(found.id)} depends on this step in turn`);
}

function checkDependencies({ id: own, fields, dependsOn }: MeshStepItem, steps: ReadonlyMap<string, unknown>): void {
  for (const { id, path } of dependsOn) {
    if (id === own) fields.log.error('self_dependency', path, `the step ${quote(own)} depends on itself`);
    else if (!steps.has(id)) fields.log.error('missing_reference', path, `there is no step ${quote(id)}`);
  }
}
