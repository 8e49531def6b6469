/** A new version of a workflow, in the middle of runs of the old one. */
import { CHILD, childDocument } from '../program-shapes.ts';
import { chosen, OVER } from './fault.ts';
import type { Fault } from './fault.ts';

export const VERSION_FAULTS: readonly Fault[] = [
  {
    kind: 'new version saved',
    group: 'version',
    start: async (wound) => {
      const client = chosen(wound.world.clients, wound);
      const signal = AbortSignal.timeout(10_000);
      const saved = client?.workflows.save(childDocument(wound.count), { signal });
      return await (saved ?? Promise.reject(new Error(`no producer for ${CHILD}`))).then(
        () => OVER,
        () => null,
      );
    },
  },
];
