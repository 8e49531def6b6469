import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';
import { weft } from './fake-terminal.ts';

const STREAM = [
  ['1', 'checkpoints', { runId: 'R', step: 1, mode: 'checkpoints', type: 'run_started', at: '', data: { id: 'R@1' } }],
  [null, 'gap', { runId: 'R', after: '1' }],
  [
    '1.7',
    'messages',
    { runId: 'R', step: 1, n: 7, mode: 'messages', type: 'token', at: '', data: { text: 'Hi\u001b' } },
  ],
  ['2', 'end', { runId: 'R', step: 2, status: 'failed' }],
] as const;

/** A server that streams the same to everyone, and says what it was asked. */
async function streamingServer(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${String(request.headers['last-event-id'])}`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const texts = STREAM.map(
      ([id, event, data]) => `${id === null ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
    );
    response.end(texts.join(''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test('weft events tells each event on a line, gaps and the end aside, and ends as the run did', async () => {
  const { url, asked } = await streamingServer();
  const { code, out, err } = await weft([
    'events',
    'R',
    '--modes',
    'messages,checkpoints',
    '--after',
    '0',
    '--url',
    url,
  ]);

  expect(code).toBe(1);
  expect(out.split('\n')).toEqual([
    '1       checkpoints run_started     {"id":"R@1"}',
    '1.7     messages    token           {"text":"Hi\\u001b"}',
    '',
  ]);
  expect(err).toContain('live events behind 1 are missing');
  expect(asked).toEqual(['/v1/runs/R/events?modes=messages%2Ccheckpoints 0']);
});

test('weft events --json writes everything as JSON lines', async () => {
  const { url, asked } = await streamingServer();
  const { out } = await weft(['events', 'R', '--after', '0.3', '--json', '--url', url]);
  const lines = out.trimEnd().split('\n');

  expect(lines.map((line) => (JSON.parse(line) as { kind: string }).kind)).toEqual(['event', 'gap', 'event', 'end']);
  expect(asked).toEqual(['/v1/runs/R/events 0.3']);
});

test.each([
  [['--modes', 'values,all'], 'It is a list of'],
  [['--after', 'x'], 'It is the id of an event'],
])('weft events refuses %j', async (args, message) => {
  const { code, err } = await weft(['events', 'R', ...args]);
  expect(code).toBe(2);
  expect(err).toContain(message);
});
