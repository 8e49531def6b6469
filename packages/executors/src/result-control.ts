import type { Json, JsonObject } from '@weft/contract';
import { JsonRecord, JsonValue, isObject } from '@weft/contract';
import type { Outcome, Usage } from '@weft/engine/ports';
import { z } from 'zod';

import { failure } from './failure.ts';
import { validationFailure } from './validation-failure.ts';

/** Every name that a result with control may have, and the one it stands for. */
const CONTROL = new Map([
  ['output', 'output'],
  ['stateUpdates', 'stateUpdates'],
  ['state_updates', 'stateUpdates'],
  ['usage', 'usage'],
  ['cost', 'cost'],
  ['goto', 'goto'],
  ['messages', 'messages'],
  ['stream_messages', 'messages'],
  ['uiMessages', 'uiMessages'],
  ['ui_messages', 'uiMessages'],
]);

/** One of these must be there, else an object that happens to have a field `usage` would lose it. */
const DECISIVE = ['output', 'stateUpdates', 'goto'];

/** What no engine carries out yet: refused, since a message that is silently lost is worse than an error. */
const UNSUPPORTED = ['messages', 'uiMessages'];

/** Where a result may send its run at once. */
const MAX_TARGETS = 100;
const Target = z.string().min(1).max(200);

const tokens = z.int().min(0).optional();
const usd = z.number().min(0).optional();

const controlShape = z.strictObject({
  output: JsonValue.default(null),
  stateUpdates: JsonRecord.optional(),
  usage: z
    .strictObject({ inputTokens: tokens, outputTokens: tokens, input_tokens: tokens, output_tokens: tokens, usd })
    .optional(),
  cost: usd,
  goto: z
    .preprocess((goto) => (typeof goto === 'string' ? [goto] : goto), z.array(Target).min(1).max(MAX_TARGETS))
    .optional(),
});

/**
 * Reads what user code returned. An object is control when it has `output`, `stateUpdates` or `goto` and nothing but
 * `output stateUpdates usage cost goto messages uiMessages` (also `state_updates ui_messages stream_messages`); anything
 * else is the output itself. Messages fail with `node_type_unsupported`, a wrong shape with `invalid_output`.
 */
export function readResult(result: Json): Outcome {
  const control = controlOf(result);
  if (control === undefined) return { kind: 'succeeded', output: result };
  const unsupported = UNSUPPORTED.find((name) => Object.hasOwn(control, name));
  if (unsupported !== undefined) {
    return failure('node_type_unsupported', `A result with "${unsupported}" is not supported yet`);
  }
  const parsed = controlShape.safeParse(control);
  if (!parsed.success) return validationFailure('invalid_output', parsed.error);
  const { output, stateUpdates, goto } = parsed.data;
  const usage = usageOf(parsed.data);
  return {
    kind: 'succeeded',
    output,
    ...(stateUpdates === undefined ? {} : { stateUpdates }),
    ...(goto === undefined ? {} : { goto }),
    ...(usage === undefined ? {} : { usage }),
  };
}

function controlOf(result: Json): JsonObject | undefined {
  if (!isObject(result)) return undefined;
  const entries = Object.entries(result).map(([key, value]) => [CONTROL.get(key), value] as const);
  const names = entries.map(([name]) => name);
  if (names.includes(undefined) || !DECISIVE.some((name) => names.includes(name))) return undefined;
  return Object.fromEntries(entries) as JsonObject;
}

/** `cost` is short for `usage.usd` and counts where that is missing. */
function usageOf({ usage, cost }: z.output<typeof controlShape>): Usage | undefined {
  if (usage === undefined && cost === undefined) return undefined;
  return {
    inputTokens: usage?.inputTokens ?? usage?.input_tokens ?? 0,
    outputTokens: usage?.outputTokens ?? usage?.output_tokens ?? 0,
    usd: usage?.usd ?? cost ?? 0,
  };
}
