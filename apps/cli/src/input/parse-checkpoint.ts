export type CheckpointName = { runId: string; step: number };

/** Reads `RUN@STEP`; undefined for anything else. */
export function parseCheckpoint(text: string): CheckpointName | undefined {
  const [, runId, step] = /^([^@]+)@([1-9]\d{0,8})$/.exec(text) ?? [];
  return runId === undefined ? undefined : { runId, step: Number(step) };
}

/** Reads `RUN@STEP`, or `@STEP` of a run that is known. */
export function parseOtherCheckpoint(text: string): { runId?: string; step: number } | undefined {
  const [, step] = /^@([1-9]\d{0,8})$/.exec(text) ?? [];
  return step === undefined ? parseCheckpoint(text) : { step: Number(step) };
}

/** Reads `RUN@STEP`, or `RUN`; undefined for anything else. */
export function parseRunOrCheckpoint(text: string): { runId: string; step?: number } | undefined {
  return text.includes('@') ? parseCheckpoint(text) : { runId: text };
}
