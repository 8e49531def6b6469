/**
 * What the document can say and the engine cannot run yet. It is refused, never accepted and left standing; what the
 * engine learns is deleted here, and nowhere else.
 */
export const unsupported = {
  document: ['budget', 'interruptBefore', 'interruptAfter'],
  modes: ['superstep'],
  nodeTypes: ['agent', 'interrupt', 'send', 'subgraph', 'wait'],
  /** Of nodes whose type is supported. */
  nodeFields: ['prompt', 'defer', 'cost', 'concurrencyKey', 'maxIterations'],
  /** Edges back to an ancestor, from a route or by `onFailure.goto`. */
  loops: true,
  /** Of the request that starts a run. */
  runFields: ['callbacks', 'budget'],
};
