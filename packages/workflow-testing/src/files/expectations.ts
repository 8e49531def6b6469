/** What is expected of a result, held against it. */
import { isObject } from '@weft/contract';
import type { Json } from '@weft/contract';

import { sayMs, toMs } from '../duration.ts';
import type { RunResult } from '../test-run/result.ts';
import type { Expectation } from './test-file.ts';

/** `pointer`: where in `expect` it stands. */
export type Mismatch = { pointer: string; message: string; expected: Json; received: Json };

/** Everything that is not as expected, with its place. */
export function mismatches(expected: Expectation, result: RunResult): Mismatch[] {
  const { status, output, state, error, path, called = {}, inputs = {}, tasks = {}, waiting, duration } = expected;
  const statuses = Object.fromEntries(result.tasks().map((task) => [task.key, task.status]));
  return [
    ...exactly('/status', status, result.status, why(result)),
    ...(output === undefined ? [] : partly('/output', output, result.output)),
    ...(state === undefined ? [] : partly('/state', state, result.state)),
    ...(error === undefined ? [] : partly('/error', error as Json, result.error)),
    ...exactly('/path', path, result.path),
    ...Object.entries(called).flatMap(([node, times]) => exactly(`/called/${node}`, times, result.called(node))),
    ...Object.entries(inputs).flatMap(([node, list]) => partly(`/inputs/${node}`, list, result.inputs(node))),
    ...Object.entries(tasks).flatMap(([key, one]) => exactly(`/tasks/${key}`, one, statusOf(statuses, key))),
    ...exactly('/waiting', waiting?.toSorted(), result.waiting.map(({ node }) => node).toSorted()),
    ...(duration === undefined ? [] : lasting(toMs(duration), result.durationMs)),
  ];
}

function lasting(expected: number, received: number): Mismatch[] {
  if (expected === received) return [];
  const tell = (ms: number): string => (ms < 1000 ? sayMs(ms) : `${sayMs(ms)} (${ms}ms)`);
  return [mismatch('/duration', tell(expected), tell(received))];
}

/** A task by its key, or the first iteration of a node by its name. */
function statusOf(statuses: Record<string, string>, key: string): Json {
  return statuses[key] ?? statuses[`${key}#0`] ?? null;
}

function why({ error, waiting }: RunResult): string {
  if (error) return ` (${error.code}: ${error.message})`;
  return waiting.length > 0
    ? ` (it waits: ${waiting.map(({ node, for: what }) => `${node} for ${what}`).join(', ')})`
    : '';
}

function exactly(pointer: string, expected: Json | undefined, received: Json, note = ''): Mismatch[] {
  if (expected === undefined || JSON.stringify(expected) === JSON.stringify(received)) return [];
  return [mismatch(pointer, expected, received, note)];
}

/** Objects may have more keys than what is expected; lists are of the same length. */
export function partly(pointer: string, expected: Json, received: Json | undefined): Mismatch[] {
  if (received === undefined) return [mismatch(pointer, expected, null, ' (it is not there)')];
  if (Array.isArray(expected)) {
    if (!Array.isArray(received) || received.length !== expected.length) return [mismatch(pointer, expected, received)];
    return expected.flatMap((item, index) => partly(`${pointer}/${index}`, item, received[index]));
  }
  if (isObject(expected)) {
    if (!isObject(received)) return [mismatch(pointer, expected, received)];
    return Object.entries(expected).flatMap(([key, value]) =>
      partly(
        `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        value,
        Object.hasOwn(received, key) ? received[key] : undefined,
      ),
    );
  }
  return Object.is(expected, received) ? [] : [mismatch(pointer, expected, received)];
}

function mismatch(pointer: string, expected: Json, received: Json, note = ''): Mismatch {
  return { pointer, expected, received, message: `expected ${show(expected)}, received ${show(received)}${note}` };
}

function show(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)} ...` : text;
}
