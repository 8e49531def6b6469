/** Whether money is to be saved: a file says so, which whoever runs the mesh writes while it runs. */
import { readFileSync } from 'node:fs';

import type { Clock } from '@weft/engine/ports';

const LOOK_MS = 1000;

/**
 * Looks at the file that `WEFT_EMERGENCY_FILE` names, once a second at most: JSON whose `status` is `ACTIVE`. One that is not there,
 * or says nothing that can be read, is none.
 */
export function emergencyMode(
  environment: Record<string, string | undefined>,
  clock: Pick<Clock, 'monotonicMs'>,
): () => boolean {
  const file = environment['WEFT_EMERGENCY_FILE'];
  if (!file) return () => false;
  let isActive = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.monotonicMs() - lookedAt < LOOK_MS) return isActive;
    lookedAt = clock.monotonicMs();
    isActive = saysActive(file);
    return isActive;
  };
}

function saysActive(file: string): boolean {
  try {
    const said: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof said === 'object' && said !== null && 'status' in said && said.status === 'ACTIVE';
  } catch {
    return false;
  }
}
