import { describe, expect, test } from 'vitest';

import { bareApp } from './bare-app.ts';

const TOKEN = 'a-token-of-some-length';

describe('with a token', () => {
  const app = bareApp({ token: TOKEN });

  test('calls without it, or with another one, are refused', async () => {
    for (const authorization of [undefined, 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, 'Bearer']) {
      const answer = await app.inject({
        url: '/v1/runs/x',
        headers: authorization === undefined ? {} : { authorization },
      });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.json().code).toBe('unauthorized');
    }
  });

  test('the token opens the API', async () => {
    const answer = await app.inject({ url: '/v1/runs/x', headers: { authorization: `Bearer ${TOKEN}` } });
    expect(answer.statusCode).toBe(404);
    expect(answer.json().code).toBe('not_found');
  });

  test('health and the pages, which hold no data, need none', async () => {
    for (const url of ['/healthz', '/', '/runs/x', '/docs', '/ui/theme.js', '/openapi.json']) {
      expect((await app.inject({ url })).statusCode, url).toBe(200);
    }
  });

  test('paths that lead nowhere tell nothing without it', async () => {
    expect((await app.inject({ url: '/nowhere' })).statusCode).toBe(401);
  });
});

describe('foreign web pages', () => {
  test('are refused, and so are foreign names for this machine where no token protects it', async () => {
    const app = bareApp();
    const origin = await app.inject({ url: '/healthz', headers: { origin: 'http://evil.example' } });
    const rebound = await app.inject({ url: '/healthz', headers: { host: 'evil.example:4400' } });
    const own = await app.inject({
      url: '/healthz',
      headers: { host: '127.0.0.1:4400', origin: 'http://127.0.0.1:4400' },
    });

    expect([origin.statusCode, rebound.statusCode, own.statusCode]).toEqual([403, 403, 200]);
    expect(origin.json().code).toBe('forbidden');
  });

  test('a foreign name is fine once a token is required', async () => {
    const app = bareApp({ token: TOKEN });
    expect((await app.inject({ url: '/healthz', headers: { host: 'weft.example' } })).statusCode).toBe(200);
  });
});
