/** Runs of one workflow, one after another. */
import type { WorkflowDocument } from '@weft/contract';

import type { Weft } from '../mesh/weft.ts';

/** How long they took together, ms. Throws if the first has not succeeded. */
export async function runOnce(weft: Weft, document: WorkflowDocument, times: number): Promise<number> {
  const workflow = await weft.save(document);
  const startedAt = performance.now();
  for (let n = 0; n < times; n++) {
    const { id } = await weft.client.runs.start({ workflow });
    await weft.endings.of([id]);
    if (n > 0) continue;
    const { status, error } = await weft.client.runs.get(id);
    if (status !== 'succeeded') throw new Error(`${document.name} has ${status}: ${error?.message}`);
  }
  return performance.now() - startedAt;
}
