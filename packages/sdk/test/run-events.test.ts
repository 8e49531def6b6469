import { describe, expect, test } from 'vitest';
import { ApiError, ConnectionError, createClient } from '../src/index.ts';
import { event, RUN_ID, sendJson, sse, wireServer } from './wire-server.ts';

const problem = {
  type: 'x',
  title: 'Not found',
  status: 404,
  detail: 'no such run',
  code: 'not_found',
  requestId: '1',
  errors: [],
};

async function stepsOf(url: string, options: Parameters<ReturnType<typeof createClient>['runs']['events']>[1] = {}) {
  const steps: number[] = [];
  for await (const { step } of createClient({ url }).runs.events(RUN_ID, options)) steps.push(step);
  return steps;
}

describe('the events of a run', () => {
  test('come until the end', async () => {
    const server = await wireServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(sse('1', 'tasks', event(1)) + sse('2', 'tasks', event(2)) + sse('2', 'end', {}));
    });

    expect(await stepsOf(server.url, { modes: ['tasks', 'values'] })).toEqual([1, 2]);
    expect(server.asked[0]?.url).toBe(`/v1/runs/${RUN_ID}/events?modes=tasks%2Cvalues`);
  });

  test('go on after a cut at the last complete step, without a step twice', async () => {
    const server = await wireServer((_, response, count) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (count === 1) {
        response.write(sse('1', 'tasks', event(1)) + sse('2', 'tasks', event(2)), () => response.destroy());
      } else {
        response.end(sse('2', 'tasks', event(2)) + sse('3', 'tasks', event(3)) + sse('3', 'end', {}));
      }
    });
    const lost: unknown[] = [];

    expect(await stepsOf(server.url, { onReconnect: (error) => lost.push(error) })).toEqual([1, 2, 3]);
    expect(server.asked.map(({ headers }) => headers['last-event-id'])).toEqual(['0', '2']);
    expect(lost).toHaveLength(1);
  });

  test('outlive a server that is overloaded for a moment', async () => {
    const server = await wireServer((_, response, count) => {
      if (count === 1) return sendJson(response, 503, { ...problem, status: 503, code: 'unavailable' });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(sse('1', 'tasks', event(1)) + sse('1', 'end', {}));
    });

    expect(await stepsOf(server.url)).toEqual([1]);
  });

  test('end with the refusal of a server that does not know the run', async () => {
    const server = await wireServer((_, response) => sendJson(response, 404, problem));

    await expect(stepsOf(server.url)).rejects.toMatchObject({ name: 'ApiError', code: 'not_found', status: 404 });
    expect(server.asked).toHaveLength(1);
  });

  test('end where no server answers for too long', async () => {
    const server = await wireServer(() => undefined);
    await server.close();

    await expect(stepsOf(server.url, { giveUpAfterMs: 0 })).rejects.toThrow(ConnectionError);
  });

  test('end with the reason of an abort, and the connection with them', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await wireServer((_, response) => {
      response.on('close', () => closed.resolve());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse('1', 'tasks', event(1)));
    });
    const controller = new AbortController();
    const following = (async () => {
      for await (const _ of createClient({ url: server.url }).runs.events(RUN_ID, { signal: controller.signal })) {
        controller.abort(new Error('enough'));
      }
    })();

    await expect(following).rejects.toThrow('enough');
    await closed.promise;
  });

  test('close their connection when the reader leaves', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await wireServer((_, response) => {
      response.on('close', () => closed.resolve());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse('1', 'tasks', event(1)));
    });

    for await (const { step } of createClient({ url: server.url }).runs.events(RUN_ID)) {
      expect(step).toBe(1);
      break;
    }
    await closed.promise;
  });
});

test('the run is read once it has ended', async () => {
  const server = await wireServer(({ url }, response) => {
    if (!url.includes('/events')) return sendJson(response, 200, { id: RUN_ID, status: 'succeeded' });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(sse('1', 'tasks', event(1)) + sse('1', 'end', {}));
  });

  expect(await createClient({ url: server.url }).runs.ended(RUN_ID)).toMatchObject({ status: 'succeeded' });
});

test('a refusal is an ApiError', () => {
  expect(new ApiError(problem)).toMatchObject({ code: 'not_found', message: 'no such run', retryAfterMs: null });
});
