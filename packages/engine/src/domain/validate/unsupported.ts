/**
 * What the document can say and the engine cannot run yet. It is refused, never accepted and left standing; what the
 * engine learns is deleted here, and nowhere else.
 */
export const unsupported = {
  /** Of the request that starts a run. */
  runFields: ['callbacks'],
};
