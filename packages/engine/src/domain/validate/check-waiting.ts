/** Nodes that wait: for a time, a signal or an answer; and nodes that wait for all others. */
import type { Json, JsonObject } from '@weft/contract';
import { checkInput } from '../graph/input-schema.ts';
import { checkSchema } from './check-schema.ts';
import { asObject, type Draft, type RawObject } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';

export function checkWaiting(draft: Draft, issues: Issues): void {
  for (const [name, node] of draft.nodes) {
    const path = ['nodes', name];
    if (node['type'] === 'wait') checkWait(node, path, issues);
    if (node['type'] === 'interrupt') checkInterrupt(node, path, issues);
    const send = draft.sendTargets.get(name);
    if (node['defer'] === true && send !== undefined) {
      const message = `the target of the send ${quote(send)} runs when its items come, so it cannot be deferred`;
      issues.add('invalid_value', [...path, 'defer'], message);
    }
  }
}

function checkWait(node: RawObject, path: IssuePath, issues: Issues): void {
  const given = ['ms', 'until', 'signal'].filter((field) => node[field] !== undefined);
  if (given.length === 0) issues.add('missing_field', [...path, 'ms'], 'a wait needs one of "ms", "until", "signal"');
  for (const field of given.slice(1)) {
    issues.add('invalid_value', [...path, field], `a wait has "${given[0]}" or "${field}", not both`);
  }
  for (const field of ['timeoutMs', 'payloadSchema']) {
    if (node[field] === undefined || node['signal'] !== undefined) continue;
    issues.add('invalid_value', [...path, field], `"${field}" belongs to a wait for a signal`);
  }
  checkInstant(node['until'], [...path, 'until'], issues);
  checkSchema(node['payloadSchema'], [...path, 'payloadSchema'], issues);
}

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** A template says when it is rendered. */
function checkInstant(until: unknown, path: IssuePath, issues: Issues): void {
  if (typeof until !== 'string' || until === '' || /\$\{|\{\{|\{%/.test(until)) return;
  if (INSTANT.test(until) && !Number.isNaN(Date.parse(until))) return;
  issues.add('invalid_value', path, 'an instant is written as 2030-01-31T12:00:00Z, or is a template');
}

function checkInterrupt(node: RawObject, path: IssuePath, issues: Issues): void {
  const before = issues.count;
  checkSchema(node['answerSchema'], [...path, 'answerSchema'], issues);
  const isSchemaSound = issues.count === before;
  const answer = node['default'];
  if (answer === undefined) return;
  if (node['expiresMs'] === undefined) {
    const message = 'a default is the answer once the question has expired: it needs "expiresMs"';
    issues.add('invalid_value', [...path, 'default'], message);
  }
  const schema = asObject(node['answerSchema']);
  if (!schema || !isSchemaSound) return;
  for (const { pointer, message } of checkInput(schema as JsonObject, answer as Json)) {
    const place = pointer === '/input' ? '' : ` at ${pointer.slice('/input'.length)}`;
    issues.add('invalid_value', [...path, 'default'], `the default does not match "answerSchema"${place}: ${message}`);
  }
}
