/** A request that may be sent to a second endpoint, where the first one is late. */
import type { Usage } from '@weft/contract';

import { hedge } from '../executor-parts/hedge.ts';
import type { Asked, AskRequest } from './asking.ts';
import type { EndpointDeps } from './deps.ts';

type Calls = {
  first: (request: AskRequest) => Promise<Asked>;
  /** Null: nobody else has room. */
  second: (request: AskRequest) => Promise<Asked | null>;
};

export async function askTwice(
  { clock }: Pick<EndpointDeps, 'clock'>,
  request: AskRequest,
  { first, second }: Calls,
): Promise<Asked> {
  const afterMs = request.settings.endpoint.hedgeMs;
  if (afterMs === undefined) return first(request);
  const { result, other } = await hedge<Asked>(
    {
      first: (signal) => first({ ...request, signal }),
      second: (signal) => second({ ...request, signal }),
    },
    { afterMs, clock, signal: request.signal, isGood: ({ kind }) => kind !== 'failed' },
  );
  const lost = usageOf(other);
  if (!lost || result.kind === 'again') return result;
  return { ...result, usage: sum(result.usage, lost) };
}

function usageOf(asked: Asked | null): Usage | undefined {
  return asked === null || asked.kind === 'again' ? undefined : asked.usage;
}

function sum(a: Usage | undefined, b: Usage): Usage {
  if (!a) return b;
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    usd: a.usd + b.usd,
  };
}
