/** The executors of nodes with a prompt (`endpoint` for tasks, `agent` for agents), and those of the protocols. */
import { AGENT_EXECUTOR, ENDPOINT_EXECUTOR } from '@weft/engine/domain';
import type { Executor, ExecutorCall, Outcome } from '@weft/engine/ports';

import { converse } from './converse.ts';
import type { EndpointDeps } from './deps.ts';
import { readMemo } from './memo.ts';
import { protocolExecutors } from './protocol-executor.ts';
import { Settings } from './settings.ts';

export function createEndpointExecutors(deps: EndpointDeps): Map<string, Executor> {
  const run = (call: ExecutorCall) => runConversation(deps, call);
  const types = [ENDPOINT_EXECUTOR, AGENT_EXECUTOR];
  const asking = types.map((type): [string, Executor] => [type, { type, reserves: true, run }]);
  return new Map([...asking, ...protocolExecutors(deps)]);
}

async function runConversation(deps: EndpointDeps, call: ExecutorCall): Promise<Outcome> {
  const settings = Settings.safeParse(call.input);
  if (!settings.success) {
    const problems = settings.error.issues.map(({ path, message }) => `/${path.join('/')}: ${message}`);
    const message = `the input of a node with a prompt does not fit: ${problems[0]}`;
    return { kind: 'failed', error: { code: 'invalid_input', message, retryable: false, details: { problems } } };
  }
  const memo = readMemo(call.memo, deps.clock.now());
  return converse(deps, { call, settings: settings.data, memo });
}
