import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { ensureSecretKey, readSecretKey } from '../src/index.ts';

test('a data folder has one key, made once, for nobody else to read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(readSecretKey(folder)).toBeNull();
  const made = ensureSecretKey(folder);

  expect(Buffer.from(made, 'base64')).toHaveLength(32);
  expect(ensureSecretKey(folder)).toBe(made);
  expect(readSecretKey(folder)).toBe(made);
  expect(readdirSync(folder)).toEqual(['secret.key']);
  expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600);
});
