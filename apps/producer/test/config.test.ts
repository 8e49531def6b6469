import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { ConfigError, readProducerConfig, startProducer } from '../src/index.ts';
import type { ProducerOptions } from '../src/index.ts';

describe('the settings of the producer', () => {
  test('have defaults, and empty variables count as unset', () => {
    expect(readProducerConfig({ WEFT_PORT: '' })).toEqual({
      callbackRetriesMs: null,
      host: '127.0.0.1',
      port: 4400,
      token: null,
      maxNodes: 10_000,
      maxSchedules: 10_000,
      lanes: { maxDepth: 1_000_000, maxWaitMs: null },
      memoryLimitMib: null,
      endpointsFile: null,
    });
  });

  test('a token comes from a file, without the line break at its end', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'weft-')), 'token');
    writeFileSync(file, 'sixteen-or-more-characters\n');
    expect(readProducerConfig({ WEFT_HOST: '0.0.0.0', WEFT_TOKEN_FILE: file })).toMatchObject({
      host: '0.0.0.0',
      token: 'sixteen-or-more-characters',
    });
  });

  test('an address beyond this machine needs a token', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'weft.example']) {
      expect(() => readProducerConfig({ WEFT_HOST: host }), host).toThrow(/set WEFT_TOKEN/);
    }
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) {
      expect(readProducerConfig({ WEFT_HOST: host }).host).toBe(host);
    }
  });

  test('nothing listens there without a token, however the address was given', async () => {
    const started = startProducer({ host: '0.0.0.0', port: 0, token: null } as ProducerOptions);
    await expect(started).rejects.toThrow(ConfigError);
  });

  test('a bad value is told in one line', () => {
    for (const environment of [
      { WEFT_PORT: 'x' },
      { WEFT_PORT: '70000' },
      { WEFT_MAX_NODES: '0' },
      { WEFT_TOKEN: 'x' },
    ]) {
      const read = (): unknown => readProducerConfig(environment);
      expect(read).toThrow(ConfigError);
      expect(read).toThrow(new RegExp(`^${Object.keys(environment)[0]} is not valid: .+$`));
    }
    expect(() => readProducerConfig({ WEFT_TOKEN_FILE: '/nowhere/at/all' })).toThrow(/cannot be read/);
  });
});
