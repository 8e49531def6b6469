import { describe, expect, test } from 'vitest';
import { healthPort } from '../src/config.ts';
import { serveHealth } from '../src/stack/serve-health.ts';

describe('the health of a worker', () => {
  test('is answered on loopback until it stops', async () => {
    const health = await serveHealth(0);
    const url = `http://127.0.0.1:${health.port}`;

    const answer = await fetch(`${url}/healthz`);
    const other = await fetch(`${url}/v1/runs`);

    expect([answer.status, await answer.json(), other.status]).toEqual([200, { status: 'ok' }, 404]);
    await health.stop();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
  });

  test('is not answered on a port that something else has', async () => {
    const first = await serveHealth(0);

    await expect(serveHealth(first.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.stop();
  });

  test.each([
    [undefined, null],
    ['', null],
    ['4401', 4401],
  ])('is asked for by WEFT_HEALTH_PORT: %s', (given, port) => {
    expect(healthPort({ WEFT_HEALTH_PORT: given })).toBe(port);
  });

  test('is never served where the port is none', () => {
    expect(() => healthPort({ WEFT_HEALTH_PORT: '70000' })).toThrow('WEFT_HEALTH_PORT');
  });
});
