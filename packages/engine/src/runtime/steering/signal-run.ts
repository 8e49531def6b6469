/** Giving a signal to a run. */
import { AppError } from '@weft/contract';
import type { Json, JsonObject, ProblemItem } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import type { SteerRequest } from '../engine.ts';
import { openLetters } from './letters.ts';
import type { SteerDeps } from './steer-deps.ts';
import { refuseEnded, runOf } from './steered-run.ts';

type Signal = { name: string; payload: Json };

export async function signalRun(deps: SteerDeps, request: SteerRequest & Signal): Promise<void> {
  const { runId, name, payload } = request;
  const run = await runOf(deps, request);
  const letters = await openLetters(deps, request);
  if (!letters.isKnown) refuseEnded(run);
  await checkPayload(deps, await deps.graphs.load(run.head.workflow), { name, payload });
  await letters.send({ runId, kind: 'signal', payload: { name, payload } });
  if (letters.isKnown || (await letters.stepIn(runId, run.head.step))) return;
  refuseEnded(await runOf(deps, request), 'meanwhile');
}

/** One node that takes it is enough. Throws AppError `invalid_input` with what the first one has against it. */
async function checkPayload({ inputs }: SteerDeps, graph: Graph, { name, payload }: Signal): Promise<void> {
  let refused: ProblemItem[] | null = null;
  for (const schema of payloadSchemas(graph, name)) {
    const errors = await inputs.check(schema, payload);
    if (errors.length === 0) return;
    refused ??= errors.map((error) => ({ ...error, pointer: error.pointer.replace(/^\/input/, '') }));
  }
  if (refused)
    throw new AppError('invalid_input', `no node takes signal ${name} with this payload`, { errors: refused });
}

function payloadSchemas({ document }: Graph, name: string): (JsonObject | undefined)[] {
  return Object.values(document.nodes).flatMap((node) =>
    node.type === 'wait' && node.signal === name ? [node.payloadSchema] : [],
  );
}
