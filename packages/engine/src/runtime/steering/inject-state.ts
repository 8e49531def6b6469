/** Updating the state of a run from outside, at once or after a node. */
import { AppError } from '@weft/contract';

import type { Injected, InjectRequest, SteerRequest } from '../engine.ts';
import { openLetters } from './letters.ts';
import type { SteerDeps } from './steer-deps.ts';
import { checkUpdates, refuseEnded, runOf } from './steered-run.ts';

export async function injectState(deps: SteerDeps, request: SteerRequest & InjectRequest): Promise<Injected> {
  const { runId, updates, afterNode } = request;
  const run = await runOf(deps, request);
  const letters = await openLetters(deps, request);
  if (!letters.isKnown) refuseEnded(run);
  const graph = await deps.graphs.load(run.head.workflow);
  checkUpdates(graph, updates, '/updates');
  if (afterNode !== null && !Object.hasOwn(graph.document.nodes, afterNode)) throw noSuchNode(afterNode);
  await letters.send({ runId, kind: 'inject', payload: { updates, afterNode } });
  const step = await letters.stepIn(runId, run.head.step);
  // What is kept for a node has a step as well: the one that keeps it writes nothing.
  const writes = step?.facts.writes ?? [];
  if (step && (afterNode === null || writes.length > 0)) return { applied: true, step: step.step };
  if (!letters.isKnown) refuseEnded(await runOf(deps, request), 'meanwhile');
  return { applied: false, pending: true };
}

function noSuchNode(name: string): AppError {
  const message = `the workflow has no node ${JSON.stringify(name)}`;
  const errors = [{ code: 'missing_reference', pointer: '/afterNode', message }];
  return new AppError('invalid_input', message, { errors });
}
