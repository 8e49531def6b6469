/** A process of the mesh that is up. `stop` ends it in good order: what it holds is finished or handed back. */
export type RunningProcess = { stop(): Promise<void> };
