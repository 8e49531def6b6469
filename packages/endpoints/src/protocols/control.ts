import type { Json, JsonObject } from '@weft/contract';
import { isObject } from '@weft/contract';
import { z } from 'zod';

import type { Failed } from './result.ts';
import { failed } from './result.ts';

/** What an answer asks of the run. */
export type Control = { stateUpdates?: JsonObject; goto?: string[]; uiMessages?: Json[] };

const NAMES = new Set(['state_updates', 'stateUpdates', 'goto', 'response', 'reply', 'output', 'usage', 'cost'])
  .add('ui_messages')
  .add('uiMessages')
  .add('stream_messages')
  .add('messages');

const MAX_TARGETS = 100;
const MAX_UI_MESSAGES = 100;
const Target = z.string().min(1).max(200);

const gotoShape = z.preprocess(
  (goto) => (typeof goto === 'string' ? [goto] : goto),
  z.array(Target).max(MAX_TARGETS).nullish(),
);

/** Reads `state_updates` (also `stateUpdates`), `goto` and `ui_messages` of an object; of a wrong shape they fail with `invalid_output`. */
export function controlIn(answer: JsonObject): Control | Failed {
  const updates = answer['state_updates'] ?? answer['stateUpdates'] ?? null;
  if (updates !== null && !isObject(updates)) return invalid('state_updates', 'an object');
  const goto = gotoShape.safeParse(answer['goto']);
  if (!goto.success) return invalid('goto', `the name of a node, or a list of up to ${MAX_TARGETS} names`);
  const messages = answer['ui_messages'] ?? answer['uiMessages'] ?? [];
  if (!Array.isArray(messages) || messages.length > MAX_UI_MESSAGES)
    return invalid('ui_messages', `a list of up to ${MAX_UI_MESSAGES}`);
  return {
    ...(updates === null ? {} : { stateUpdates: updates }),
    ...(goto.data && goto.data.length > 0 ? { goto: goto.data } : {}),
    ...(messages.length > 0 ? { uiMessages: messages } : {}),
  };
}

/**
 * Whether what was given as output is an object of control: `state_updates` says so, `goto` and `ui_messages` only where nothing but control
 * stands beside it, since a model may well have a field of that name in what it was asked for.
 */
export function isControl(output: Json): output is JsonObject {
  if (!isObject(output)) return false;
  if (isObject(output['state_updates']) || isObject(output['stateUpdates'])) return true;
  const steers = ['goto', 'ui_messages', 'uiMessages'].some((name) => Object.hasOwn(output, name));
  return steers && Object.keys(output).every((name) => NAMES.has(name));
}

function invalid(name: string, expected: string): Failed {
  return failed('invalid_output', `The answer's "${name}" is not ${expected}`, { retryable: true, isFault: true });
}
