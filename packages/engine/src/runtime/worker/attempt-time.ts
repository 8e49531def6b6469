/** Start-to-close and heartbeat timeouts, which are kept by the worker that runs the attempt (rule A12). */
import type { GraphNode } from '../../domain/graph/graph.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import type { Clock } from '../../ports/index.ts';

/** Why an attempt is stopped. After the last three it has no outcome of its own; the first two of these hand it back. */
export type StopReason = 'timeout' | 'heartbeat_timeout' | 'shutdown' | 'pressure' | 'revoked';

/** Whether an attempt that was stopped is handed back, to be run elsewhere. */
export function isHandedBack({ reason }: AbortSignal): boolean {
  return reason === 'shutdown' || reason === 'pressure';
}

/** Aborts `stop` when the attempt has taken too long. Returns the function that ends the watch. */
export function watchTimeout(clock: Clock, node: GraphNode, stop: AbortController): () => void {
  return clock.after(node.timeoutMs, () => stop.abort('timeout' satisfies StopReason));
}

/** Aborts `stop` when the executor was silent for too long, from now or from its last `beat` on. */
export function watchHeartbeat(
  clock: Clock,
  node: GraphNode,
  stop: AbortController,
): { beat: () => void; end: () => void } {
  let cancel = () => {};
  function beat(): void {
    if (node.heartbeatMs === null) return;
    cancel();
    cancel = clock.after(node.heartbeatMs, () => stop.abort('heartbeat_timeout' satisfies StopReason));
  }
  beat();
  return { beat, end: () => cancel() };
}

/** What came of an attempt that was stopped before it had an outcome; null if none is wanted. */
export function stoppedOutcome(signal: AbortSignal, node: GraphNode): Outcome | null {
  const reason = signal.reason as StopReason;
  if (reason === 'revoked' || isHandedBack(signal)) return null;
  const message =
    reason === 'timeout'
      ? `the attempt did not end within ${node.timeoutMs} ms`
      : `the attempt was silent for ${node.heartbeatMs} ms`;
  return { kind: 'failed', error: { code: reason, message, retryable: true } };
}
