import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { printApi } from '../src/index.ts';
import { bareApp } from './bare-app.ts';

describe('the description of the API', () => {
  test('is what docs/api/openapi.json says; scripts/print-openapi.ts writes it', async () => {
    const file = new URL('../../../docs/api/openapi.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(await printApi());
  });

  test('is served, the same at every request', async () => {
    const app = bareApp();
    const [first, second] = [await app.inject('/openapi.json'), await app.inject('/openapi.json')];
    expect(first.statusCode).toBe(200);
    expect(first.json()).toEqual(JSON.parse(JSON.stringify(await printApi())));
    expect(second.body).toBe(first.body);
  });

  test('is OpenAPI 3.1 in which every reference leads somewhere and no schema stands twice', async () => {
    const api = await printApi();
    expect(api['openapi']).toBe('3.1.0');
    const names = Object.keys(api.components.schemas);
    const references = [...JSON.stringify(api).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      (match) => match[1],
    );
    expect(references.length).toBeGreaterThan(50);
    expect(references.filter((name) => !names.includes(String(name)))).toEqual([]);
    expect(names.filter((name) => name.endsWith('Input'))).toEqual([]);
  });
});
