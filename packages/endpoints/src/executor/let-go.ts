/** What cancelled tasks have left: requests whose answers nobody wants any more, and runs of tools. */
import type { Clock, EndpointRecord, Leftover, LeftoverStore, Log } from '@weft/engine/ports';
import { meteredEndpoint, repeat } from '@weft/engine/runtime';

import { tokenOf } from './call-there.ts';
import type { EndpointDeps } from './deps.ts';
import { readMemo } from './memo.ts';
import type { AskMemo } from './memo.ts';

type Deps = Pick<EndpointDeps, 'endpoints' | 'meter' | 'protocols' | 'secret' | 'tools'>;
type Loop = { leftovers: LeftoverStore; clock: Pick<Clock, 'after'>; log: Log };

const EVERY_MS = 1000;
const AT_ONCE = 50;
/** Whoever does not hear is told again after this time. */
const LEASE_MS = 30_000;
const TIMEOUT_MS = 10_000;
/** Nobody keeps an answer longer than a day. */
const GIVE_UP_MS = 86_400_000;

/** Tells what cancelled tasks have left to stop, until the returned function is called. */
export function letGoOfCancelled(deps: Deps, { leftovers, clock, log }: Loop): () => void {
  async function round(): Promise<void> {
    const taken = await leftovers.take({ limit: AT_ONCE, leaseMs: LEASE_MS });
    const told = await Promise.all(taken.map((leftover) => isLetGo(deps, leftover, log)));
    const done = taken.filter(({ ageMs }, index) => told[index] || ageMs > GIVE_UP_MS);
    if (done.length > 0) await leftovers.drop(done);
  }
  return repeat(
    { clock, log },
    { everyMs: EVERY_MS, what: 'letting go of what cancelled tasks have left', work: round },
  );
}

async function isLetGo(deps: Deps, { tenant, memo, runId, key }: Leftover, log: Log): Promise<boolean> {
  const { ask, runs, listing } = readMemo(memo, 0);
  try {
    for (const run of [...runs, ...listing]) await deps.tools.cancel(tenant, run.runId);
    if (ask.pending) await letGo(deps, tenant, ask.pending);
    return true;
  } catch (error) {
    log.warn({ err: error, tenant, runId, key }, 'what a cancelled task has left did not hear that it is to stop');
    return false;
  }
}

async function letGo(deps: Deps, tenant: string, pending: NonNullable<AskMemo['pending']>): Promise<void> {
  const record = (await deps.endpoints(tenant)).find(({ name }) => name === pending.endpoint);
  if (!record) return;
  await deps.meter.end(meteredEndpoint(record), pending.callId, { verdict: 'neutral', latencyMs: 0, tokens: 0 });
  await deps.protocols.get(record.protocol)?.letGo?.({
    target: targetOf(deps, record),
    idempotencyKey: pending.callId,
    memo: pending.memo,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

/** @throws Error where this worker does not have the endpoint's token; another one may */
function targetOf(deps: Deps, record: EndpointRecord) {
  const token = tokenOf(deps, record);
  if (token.kind === 'missing') throw new Error(token.message);
  const { name, url, model, options } = record;
  return { name, url, token: token.value, model, options };
}
