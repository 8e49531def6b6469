import { gunzipSync } from 'node:zlib';

import type { BuiltFile } from '@weft/dashboard';
import { describe, expect, test } from 'vitest';

import { bareApp } from './bare-app.ts';

const SCRIPT = 'text/javascript; charset=utf-8';

function built(text: string, type: string, isImmutable = false): BuiltFile {
  return { type, body: Buffer.from(text), isImmutable };
}

const FILES = new Map([
  ['index.html', built('<title>Weft</title>', 'text/html; charset=utf-8')],
  ['assets/index-1a2b.js', built('export {};', SCRIPT, true)],
  ['theme.js', built('// theme', SCRIPT)],
]);

const app = bareApp({ dashboard: () => FILES });

describe('the page about the API', () => {
  test('loads nothing from elsewhere and runs no script of its own text', async () => {
    const page = await app.inject('/docs');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.body).not.toMatch(/<style|\sstyle=|\son\w+=|https?:\/\//);
    const assets = [...page.body.matchAll(/(?:src|href)="(\/ui\/[^"]+)"/g)].map((match) => String(match[1]));
    expect(assets.length).toBeGreaterThan(1);
    for (const asset of assets) expect((await app.inject(asset)).statusCode, asset).toBe(200);
  });
});

describe('the dashboard', () => {
  test.each(['/', '/runs', '/runs/01a1fc4f', '/workflows/hello', '/squad'])('%s is one of its views', async (url) => {
    const page = await app.inject(url);
    expect(page.body).toBe('<title>Weft</title>');
    expect(page.headers['cache-control']).toBe('no-cache');
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
  });

  test('files whose names change with their content are kept for ever, others are asked for again', async () => {
    expect((await app.inject('/ui/assets/index-1a2b.js')).headers['cache-control']).toContain('immutable');
    expect((await app.inject('/ui/theme.js')).headers['cache-control']).toBe('no-cache');
  });

  test('is sent small to whoever takes it so', async () => {
    const small = await app.inject({ url: '/ui/assets/index-1a2b.js', headers: { 'accept-encoding': 'gzip, br' } });
    expect(small.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(small.rawPayload).toString()).toBe('export {};');
  });

  test.each(['/ui/nothing.js', '/ui/../app.ts', '/ui/%2e%2e/package.json', '/ui/sources.sha256'])(
    '%s is no file of it',
    async (url) => {
      expect((await app.inject(url)).statusCode).toBe(404);
    },
  );

  test('that is not built says so and how to build it, and is there once it is', async () => {
    let files: typeof FILES | null = null;
    const unbuilt = bareApp({ dashboard: () => files });
    const page = await unbuilt.inject('/');
    expect(page.statusCode).toBe(503);
    expect(page.body).toContain('node apps/dashboard/build/main.ts');
    files = FILES;
    expect((await unbuilt.inject('/')).statusCode).toBe(200);
  });
});
