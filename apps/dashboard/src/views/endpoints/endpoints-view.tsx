import type { CircuitState, Endpoint } from '@weft/contract';
import { useEffect } from 'react';

import { ActionButton } from '../../actions/action-button.tsx';
import { api } from '../../api/session.ts';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { Meter } from '../../parts/meter.tsx';
import { Page } from '../../parts/page.tsx';
import { duration, usd } from '../../parts/words.ts';
import { reload, useResource } from '../../store/resource.ts';

const REFRESH_MS = 3000;

/** Who does work outside: whether they can be used, how fast they are, what they cost, and how much more they may take. */
export function EndpointsView() {
  const endpoints = useResource('endpoints', () => api().endpoints.list({ limit: 200 }));
  const circuits = useResource('circuits', () => api().mesh.circuits());
  useEffect(() => {
    const timer = setInterval(
      () => document.visibilityState === 'visible' && (endpoints.reload(), circuits.reload()),
      REFRESH_MS,
    );
    return () => clearInterval(timer);
  }, []);
  const known = new Map(circuits.data?.items.map((circuit) => [circuit.endpoint, circuit]));
  return (
    <Page title="Endpoints">
      <Loaded of={endpoints}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              title="No endpoints yet"
              cli={['npx weft endpoints add local http://127.0.0.1:11434/v1 --protocol openai_chat --model small']}
            >
              <p>
                An endpoint is a model, an agent, a webhook or a queue that nodes with a <code>prompt</code> are sent
                to. Which one is decided when a task runs, by what is free, healthy, fast and cheap.
              </p>
            </Empty>
          ) : (
            <div className="grid">
              {items.map((endpoint) => (
                <EndpointCard key={endpoint.name} endpoint={endpoint} circuit={known.get(endpoint.name)} />
              ))}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

function EndpointCard({ endpoint, circuit }: { endpoint: Endpoint; circuit: CircuitState | undefined }) {
  const { name, protocol, url, model, status, running, maxConcurrent, latencyMs, price, limits, problem, tags } =
    endpoint;
  const answers = (circuit?.succeeded ?? 0) + (circuit?.failed ?? 0);
  return (
    <article className="card stack" aria-label={`Endpoint ${name}`}>
      <div className="row">
        <h2>{name}</h2>
        <span className={`tag ${status === 'active' ? '' : 'status-failed'}`}>{status}</span>
        <span className={`tag ${endpoint.circuit === 'closed' ? '' : 'status-failed'}`}>
          circuit {endpoint.circuit.replace('_', ' ')}
        </span>
      </div>
      <p className="soft">
        {protocol} {url} {model}
      </p>
      {problem !== null && <p className="status-failed">{problem}</p>}
      <Meter label="Under way" value={running} max={maxConcurrent} text={`${running} of ${maxConcurrent}`} />
      {answers > 0 && circuit && (
        <Meter
          label="Failing"
          value={circuit.failed}
          max={answers}
          text={`${Math.round((100 * circuit.failed) / answers)} %`}
        />
      )}
      <dl className="facts">
        <dt>latency</dt>
        <dd>{latencyMs === null ? 'nobody has called it yet' : duration(latencyMs)}</dd>
        <dt>price</dt>
        <dd>{priceText(price)}</dd>
        <dt>head-room</dt>
        <dd>{limitText(limits)}</dd>
        {circuit?.retryAt && (
          <>
            <dt>tried again</dt>
            <dd>{new Date(circuit.retryAt).toLocaleTimeString()}</dd>
          </>
        )}
      </dl>
      <p>
        {tags.map((tag) => (
          <span key={tag} className="tag">
            {tag}
          </span>
        ))}
      </p>
      <EndpointActions endpoint={endpoint} />
    </article>
  );
}

function priceText(price: Endpoint['price']): string {
  if (!price) return 'free';
  const { inputPerMTok, outputPerMTok, perCall } = price;
  const parts = [
    inputPerMTok !== undefined && `${usd(inputPerMTok)} in`,
    outputPerMTok !== undefined && `${usd(outputPerMTok)} out per million tokens`,
    perCall !== undefined && `${usd(perCall)} a call`,
  ];
  return parts.filter(Boolean).join(', ') || 'free';
}

function limitText(limits: Endpoint['limits']): string {
  const { requestsPerMinute, tokensPerMinute } = limits ?? {};
  const parts = [
    requestsPerMinute !== undefined && `${requestsPerMinute} requests a minute`,
    tokensPerMinute !== undefined && `${tokensPerMinute} tokens a minute`,
  ];
  return parts.filter(Boolean).join(', ') || 'no limit given';
}

function EndpointActions({ endpoint: { name, status, circuit } }: { endpoint: Endpoint }) {
  const action = (label: string, cli: string, act: () => Promise<unknown>, question?: string) => ({
    label,
    cli,
    ...(question !== undefined && { question }),
    perform: async () => {
      await act();
      reload('endpoints');
      reload('circuits');
      return `${label}: ${name}`;
    },
  });
  const { endpoints } = api();
  return (
    <div className="row">
      {status === 'draining' ? (
        <ActionButton action={action('Undrain', `npx weft endpoints undrain ${name}`, () => endpoints.undrain(name))} />
      ) : (
        <ActionButton
          action={action(
            'Drain',
            `npx weft endpoints drain ${name}`,
            () => endpoints.drain(name),
            `${name} gets nothing new until it is undrained. What is under way goes on.`,
          )}
        />
      )}
      {circuit === 'closed' ? (
        <ActionButton
          action={action(
            'Open the circuit',
            `npx weft endpoints circuit ${name} open`,
            () => endpoints.setCircuit(name, 'open'),
            `Nothing is sent to ${name} until the circuit is closed again.`,
          )}
        />
      ) : (
        <ActionButton
          action={action('Close the circuit', `npx weft endpoints circuit ${name} closed`, () =>
            endpoints.setCircuit(name, 'closed'),
          )}
        />
      )}
    </div>
  );
}
