/**
 * What `POST /v1/mesh/execute` takes: steps with prompts and dependencies. Each becomes a node with a prompt that is given the
 * outputs of the steps it depends on. The mapping as a table is in docs/mesh-execute.md.
 */
import { isObject, MESH_WORKFLOW } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';
import { Fields } from '../foreign/fields.ts';
import type { ImportLog } from '../foreign/import-log.ts';
import { promptOf } from './prompt.ts';
import { readSteps } from './read-steps.ts';
import type { MeshStepItem } from './read-steps.ts';

const NONE: ReadonlySet<string> = new Set();
/** A failed answer is asked for again, at another endpoint if there is one. */
const DEFAULTS = { onFailure: 'skipDependents', retry: { maxAttempts: 3 } };

/** Makes the native document, or logs errors. Never throws. */
export function importMeshExecute(value: Json, log: ImportLog): JsonObject | undefined {
  if (!isObject(value)) {
    log.error('bad_type', [], 'what is executed is an object with steps');
    return undefined;
  }
  const fields = new Fields(value, [], log);
  const name = fields.text('name') ?? MESH_WORKFLOW;
  const budget = fields.object('budget');
  const context = fields.any('context');
  const steps = readSteps(fields);
  fields.finish(NONE, 'an execution');
  log.origin(['name'], fields.at('name'));
  log.origin(['budget'], fields.at('budget'));
  log.origin(['state', 'context'], fields.at('context'));
  log.origin(['nodes'], fields.at('steps'));
  // A cost that is stated is stated in money alone: by tokens the endpoint reserves.
  const statesCosts = budget?.['tokens'] === undefined;
  const nodes = steps.map((step) => [step.id, nodeOf(step, { hasContext: context !== undefined, statesCosts })]);
  return {
    name,
    ...(budget && { budget }),
    ...(context !== undefined && { state: { context: { type: 'any', default: context } } }),
    defaults: DEFAULTS,
    nodes: Object.fromEntries(nodes) as JsonObject,
  };
}

type Given = { hasContext: boolean; statesCosts: boolean };

function nodeOf(step: MeshStepItem, { hasContext, statesCosts }: Given): JsonObject {
  const { id, fields, prompt, dependsOn, model, tags, estimatedCost } = step;
  const { log } = fields;
  log.origin(['nodes', id], fields.path);
  const parts = { prompt, tags, 'endpoint/model': model, cost: estimatedCost };
  for (const key of Object.keys(parts)) {
    const [field = '', ...rest] = key.split('/');
    const original = { endpoint: 'model', cost: 'estimatedCost' }[field] ?? field;
    log.origin(['nodes', id, field, ...rest], fields.at(original));
  }
  for (const [index, { path }] of dependsOn.entries()) log.origin(['nodes', id, 'needs', index], path);
  const needs = dependsOn.map((dependency) => dependency.id);
  return {
    type: 'task',
    ...(tags && tags.length > 0 && { tags }),
    ...(model !== undefined && { endpoint: { model } }),
    prompt: promptOf(prompt, { needs, hasContext }),
    ...(needs.length > 0 && { needs }),
    ...(statesCosts && estimatedCost !== undefined && { cost: { usd: estimatedCost } }),
  };
}
