/** What runs without a script: the user's handlers, and the two executors that touch nothing outside. */
import { fileURLToPath } from 'node:url';

import type { Json } from '@weft/contract';
import type { Executor } from '@weft/engine/ports';
import { handlerExecutor, loadExecutors, loadHandlers } from '@weft/executors';

import type { Play } from '../script/play.ts';
import type { WorkflowTestOptions } from './options.ts';

export type UnscriptedPlays = (uses: string, input: Json) => Promise<Play | null>;

export async function unscriptedPlays({ handlers, unscripted }: WorkflowTestOptions): Promise<UnscriptedPlays> {
  const own = await handlersOf(handlers);
  return async (uses, input) => {
    const executor = own.get(uses);
    if (executor) return { kind: 'executes', executor };
    if (unscripted === 'echo' || uses === 'echo') return { kind: 'returns', output: input };
    return uses === 'sleep' ? sleep(input) : null;
  };
}

async function handlersOf(handlers: WorkflowTestOptions['handlers']): Promise<Map<string, Executor>> {
  if (handlers === undefined) return new Map();
  if (typeof handlers === 'string') return loadHandlers(handlers);
  if (handlers instanceof URL) return loadHandlers(fileURLToPath(handlers));
  const executors = Object.entries(handlers).map(([name, handler]) => handlerExecutor(name, handler));
  return new Map(executors.map((executor) => [executor.type, executor]));
}

/** Sleeps in virtual time; an input that it does not take is refused by itself. */
async function sleep(input: Json): Promise<Play | null> {
  const executor = (await loadExecutors()).get('sleep');
  if (!executor) return null;
  const parsed = executor.schema.input.safeParse(input);
  if (!parsed.success) return { kind: 'executes', executor };
  return { kind: 'returns', output: input, takes: (input as { ms: number }).ms };
}
