import { EmbeddedError } from '@weft/embedded';
import { HandlersFileError } from '@weft/executors';
import { MigrationError } from '@weft/postgres';
import { ConfigError } from '@weft/producer';
import { RedisError } from '@weft/redis';
import { describe, expect, test } from 'vitest';
import { explainStartError } from '../src/stack/explain-start-error.ts';

function systemError(fields: object): Error {
  return Object.assign(new Error('system'), fields);
}

describe('why the stack did not start', () => {
  test.each([
    [systemError({ syscall: 'listen', code: 'EADDRINUSE', port: 4400 }), 'port 4400 is in use'],
    [systemError({ syscall: 'listen', code: 'EACCES', port: 80 }), 'above 1023'],
    [
      systemError({ syscall: 'listen', code: 'EADDRNOTAVAIL', address: '10.0.0.9', port: 1 }),
      'cannot listen on 10.0.0.9:1',
    ],
    [systemError({ syscall: 'mkdir', code: 'EACCES', path: '/x' }), '/x cannot be written (EACCES)'],
    [systemError({ syscall: 'mkdir', code: 'EROFS' }), '/data cannot be written'],
    [systemError({ syscall: 'mkdir', code: 'EEXIST', path: '/x' }), '/x is no folder'],
    [new EmbeddedError('data_dir_in_use', 'stop the other one'), 'stop the other one'],
    [new ConfigError('set WEFT_TOKEN'), 'set WEFT_TOKEN'],
    [new HandlersFileError('handlers_not_found', 'no such file'), 'no such file'],
    [new MigrationError('database_too_old', 'Postgres 15 is needed'), 'Postgres 15 is needed'],
    [new RedisError('redis_evicts', 'set noeviction'), 'set noeviction'],
  ])('is told in one line: %s', (error, message) => {
    const line = explainStartError(error, { dataDir: '/data' });

    expect(line).toContain(message);
    expect(line).not.toContain('\n');
  });

  test('is left as it is where nobody expected it', () => {
    expect(explainStartError(new Error('a bug'), { dataDir: '/data' })).toBeNull();
    expect(explainStartError('a bug', { dataDir: '/data' })).toBeNull();
  });
});
