/** Dead letters as the wire shows them. */
import type { DeadLetter, Json } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import { pastFailure } from '../../domain/run/letters/past-failure.ts';
import { LIVE_TASK, TERMINAL_RUN } from '../../domain/run/records.ts';
import type { LetterListing, LetterPosition, LetterRecord } from '../../ports/index.ts';
import { renderInput } from '../worker/render-input.ts';
import { toInstant, toInstantOrNull } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';

/** One page of the open letters, those that failed last first. `next` is what to give as `after`. */
export async function listDeadLetters(
  { letters }: Pick<QueryDeps, 'letters'>,
  listing: LetterListing,
): Promise<{ items: DeadLetter[]; next: LetterPosition | null }> {
  const found = await letters.letters({ ...listing, limit: listing.limit + 1 });
  const shown = found.slice(0, listing.limit);
  return { items: shown.map(toLetter), next: found.length > shown.length ? (shown.at(-1)?.place ?? null) : null };
}

/** With the input that its next attempt would get; null if the tenant has no task of this id that has ever failed for good. */
export async function viewDeadLetter(
  deps: Pick<QueryDeps, 'letters' | 'reader' | 'loadGraph'>,
  tenant: string,
  taskId: string,
): Promise<DeadLetter | null> {
  const letter = await deps.letters.letter(tenant, taskId);
  if (!letter) return null;
  const graph = await deps.loadGraph(letter.workflow);
  const input = await inputOf(deps, letter, graph);
  return { ...toLetter(letter), ...(input !== undefined && { input }) };
}

/** Whether it is one that can be seen to. */
export function stateOf({ status, letter, superseded }: LetterRecord): DeadLetter['state'] {
  if (status !== 'failed' || superseded) return 'retried';
  return letter?.discarded ? 'discarded' : 'open';
}

function toLetter(letter: LetterRecord): DeadLetter {
  const { workflow, runStatus, status, settledAt, attempts, parent } = letter;
  const { edit, discarded } = letter.letter ?? {};
  const isDropped = TERMINAL_RUN.has(runStatus) && LIVE_TASK.has(status);
  return {
    taskId: letter.id,
    runId: letter.runId,
    workflow: { name: workflow.name, version: workflow.version },
    runStatus,
    ...(parent && { parent }),
    node: letter.node,
    key: letter.key,
    lane: letter.lane,
    state: stateOf(letter),
    status: isDropped ? 'cancelled' : status,
    error: status === 'failed' ? letter.error : null,
    attempt: letter.attempt,
    failures: letter.failures,
    crashes: letter.crashes,
    attempts: attempts.map(({ attempt, at, error }) => ({ attempt, at: toInstant(at), error })),
    failedAt: toInstantOrNull(status === 'failed' ? settledAt : (attempts.at(-1)?.at ?? null)),
    ...(edit && { edited: edit }),
    ...(discarded && { discardedBy: discarded.by }),
  };
}

/** As a worker would render it; undefined where no worker does, or the templates fail. */
async function inputOf(
  { reader }: Pick<QueryDeps, 'reader'>,
  letter: LetterRecord,
  graph: Graph,
): Promise<Json | undefined> {
  const node = graph.nodes.get(letter.node);
  const run = await reader.run(graph.ref.tenant, letter.runId);
  if (!node || !run || letter.lane === null) return undefined;
  const { readsAt, iterations, captured, item, key } = letter;
  const names = new Map(node.resultReads.map((name) => [`${name}#${iterations?.[name] ?? 0}`, name]));
  const nodes: Parameters<typeof renderInput>[0]['material']['nodes'] = {};
  for (const task of await reader.tasksByKey(letter.runId, Array.from(names.keys()))) {
    const isSeen = task.settledStep !== null && task.settledStep <= readsAt;
    const { output, error } = task;
    const result = isSeen ? { output, ...(error && { error }) } : pastFailure(task, readsAt);
    if (result) nodes[names.get(task.key) ?? ''] = result;
  }
  const { input, config } = run;
  const material = { input, config, captured: captured ?? {}, item, nodes, edit: letter.letter?.edit ?? null };
  const rendered = renderInput({ node, material, message: { key } });
  return rendered.kind === 'rendered' ? rendered.value : undefined;
}
