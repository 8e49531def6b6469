/** What differs between a recorded run and its replay, for people and for programs. */
import type { Json } from '@weft/contract';
import { canonicalJson, jsonPatch } from '@weft/engine/domain';

import type { RunResult } from '../test-run/result.ts';
import type { Recording } from './format.ts';

export type Difference = {
  what: 'status' | 'error' | 'path' | 'output' | 'state' | 'tasks' | 'stopped';
  recorded: Json;
  replayed: Json;
  lines: string[];
};

const MOST_LINES = 20;

export function compare({ ended }: Recording, result: RunResult): Difference[] {
  const tasks = Object.fromEntries(result.tasks().map(({ key, status }) => [key, status]));
  return [
    ...unequal('status', ended.status, result.status),
    ...unequal('error', ended.error?.code ?? null, result.error?.code ?? null),
    ...unequal('path', ended.path, result.path, pathLines),
    ...unequal('output', ended.output, result.output, patchLines),
    ...unequal('state', ended.state, result.state, patchLines),
    ...unequal('tasks', ended.tasks, tasks, patchLines),
  ];
}

type Tell = (recorded: Json, replayed: Json) => string[];

function unequal(what: Difference['what'], recorded: Json, replayed: Json, tell: Tell = plainLines): Difference[] {
  if (canonicalJson(recorded) === canonicalJson(replayed)) return [];
  const lines = tell(recorded, replayed);
  const more = lines.length > MOST_LINES ? [`... and ${lines.length - MOST_LINES} more`] : [];
  return [{ what, recorded, replayed, lines: [...lines.slice(0, MOST_LINES), ...more] }];
}

function plainLines(recorded: Json, replayed: Json): string[] {
  return [`- ${show(recorded)}`, `+ ${show(replayed)}`];
}

/** From where the ways part, with two nodes of what they have in common. */
function pathLines(recorded: Json, replayed: Json): string[] {
  const [a, b] = [recorded as string[], replayed as string[]];
  const split = a.findIndex((label, index) => label !== b[index]);
  const from = Math.max(0, (split < 0 ? a.length : split) - 2);
  const tell = (path: string[]) =>
    `${from > 0 ? '... ' : ''}${path.slice(from, from + 8).join(' → ')}${path.length > from + 8 ? ' → ...' : ''}`;
  return [`- ${tell(a)}`, `+ ${tell(b)}`];
}

/** Each changed place, with what was there and what is there now. */
export function patchLines(recorded: Json, replayed: Json): string[] {
  if (!isContainer(recorded) || !isContainer(replayed)) return plainLines(recorded, replayed);
  return jsonPatch({ root: recorded }, { root: replayed }).map(({ path, ...operation }) => {
    const place = path.slice('/root'.length);
    const before = show(at(recorded, place));
    if (operation.op === 'remove') return `- ${place}: ${before}`;
    if (operation.op === 'add') return `+ ${place}: ${show(operation.value)}`;
    return `~ ${place}: ${before} → ${show(operation.value)}`;
  });
}

function at(value: Json, pointer: string): Json {
  let found: Json | undefined = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    found = isContainer(found) ? (found as Record<string, Json>)[key] : undefined;
  }
  return found ?? null;
}

function isContainer(value: Json | undefined): value is Json[] | { [key: string]: Json } {
  return typeof value === 'object' && value !== null;
}

function show(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)} ...` : text;
}
