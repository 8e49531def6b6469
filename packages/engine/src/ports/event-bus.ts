/**
 * Something that watchers of a run may want to see at once. `step`: the journal has grown up to `step`; `live`: the live log
 * of the run has grown; `gap`: notices may have been missed (null: of any run), since listening has only begun to work, or
 * works again. It comes from the bus, never from a publisher. `tenant` is that of the run; a process of an earlier version does
 * not say it.
 */
export type RunNotice =
  | { kind: 'step'; runId: string; step: number; ended: boolean; tenant?: string }
  | { kind: 'live'; runId: string }
  | { kind: 'gap'; runId: string | null };

/** Fan-out to whoever listens. Lossy: a listener that must not miss a step reads the journal from its last number. */
export type EventBus = {
  publish(notices: readonly RunNotice[]): void;
  /** Notices of one run, or of all with null. Returns the function that ends the subscription. */
  subscribe(runId: string | null, listener: (notice: RunNotice) => void): () => void;
};
