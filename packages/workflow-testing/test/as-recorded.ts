import type { Json, Run, Step, Task, WorkflowDocument } from '@weft/contract';

import { makeRecording } from '../src/index.ts';
import type { Recording, RunResult } from '../src/index.ts';

/** What the API would say of a run that was made in a test. */
export function asRecorded(result: RunResult, document: WorkflowDocument): Recording {
  const at = '2026-01-01T00:00:00.000Z';
  const { id, status, output, state, error, usage } = result;
  const run = {
    id,
    workflow: { name: document.name, version: 1 },
    status,
    input: {},
    output,
    state,
    error,
    usage,
    createdAt: at,
    startedAt: at,
  } as Run;
  const steps = result.steps.map(({ node, taskId, attempt, worker: _worker, at: _at, key: _key, ...step }): Step => {
    const written = result.writes.filter((write) => write.step === step.step);
    const updates =
      written.length > 0
        ? { updates: Object.fromEntries(written.map(({ channel, value }) => [channel, shown(value)])) }
        : {};
    return {
      ...step,
      runId: id,
      at,
      facts: step.facts,
      ...(node && { node }),
      ...(taskId && { taskId }),
      ...(attempt !== null && { attempt }),
      ...updates,
    };
  });
  return makeRecording({ run, document, tasks: result.tasks() as unknown as Task[], steps });
}

/** Several updates of a superstep are shown as a list. */
function shown(value: Json): Json {
  const isSeveral = typeof value === 'object' && value !== null && !Array.isArray(value) && '__updates' in value;
  return isSeveral ? (value['__updates'] ?? null) : value;
}
