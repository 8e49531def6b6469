import { describe, expect, test } from 'vitest';

import { bareApp } from './bare-app.ts';

const app = bareApp();

describe('the pages', () => {
  test.each(['/', '/docs'])('%s loads nothing from elsewhere and runs no script of its own text', async (url) => {
    const page = await app.inject(url);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.body).not.toMatch(/<style|\sstyle=|\son\w+=|https?:\/\//);
    const assets = [...page.body.matchAll(/(?:src|href)="(\/ui\/[^"]+)"/g)].map((match) => String(match[1]));
    expect(assets.length).toBeGreaterThan(1);
    for (const asset of assets) expect((await app.inject(asset)).statusCode, asset).toBe(200);
  });

  test('scripts import only what is served', async () => {
    const script = await app.inject('/ui/status.js');
    const imports = [...script.body.matchAll(/from '\.\/([^']+)'/g)].map((match) => `/ui/${match[1]}`);
    expect(imports).toEqual(['/ui/api.js', '/ui/graph.js']);
    for (const url of imports) {
      expect((await app.inject(url)).headers['content-type'], url).toBe('text/javascript; charset=utf-8');
    }
  });
});
