import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { resolveSecrets } from '@weft/executors';
import { afterAll, describe, expect, test } from 'vitest';

const folder = await mkdtemp(join(tmpdir(), 'weft-secrets-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('secrets of an input', () => {
  test('are put where the document has them, and nowhere else', () => {
    const input = {
      headers: { authorization: { secret: 'TOKEN' }, 'a/b': [0, { secret: 'OTHER' }] },
      body: { secret: 'TOKEN' },
    };
    const env = { WEFT_SECRET_TOKEN: 'Bearer abc', WEFT_SECRET_OTHER: 'xyz1' };
    const before = structuredClone(input);

    const resolved = resolveSecrets(input, ['/headers/authorization', '/headers/a~1b/1'], env);

    expect(resolved).toEqual({
      kind: 'resolved',
      input: { headers: { authorization: 'Bearer abc', 'a/b': [0, 'xyz1'] }, body: { secret: 'TOKEN' } },
      secrets: ['Bearer abc', 'xyz1'],
    });
    expect(input).toEqual(before);
  });

  test('may be the whole input', () => {
    expect(resolveSecrets({ secret: 'A' }, [''], { WEFT_SECRET_A: 'v' })).toMatchObject({ input: 'v' });
  });

  test('come out of a file without its last line break', async () => {
    const file = join(folder, 'key.pem');
    await writeFile(file, 'line one\nline two\n');

    const resolved = resolveSecrets({ key: { secret: 'PEM' } }, ['/key'], { WEFT_SECRET_PEM_FILE: file });

    expect(resolved).toMatchObject({ kind: 'resolved', input: { key: 'line one\nline two' } });
  });

  test.each<[string, Record<string, string>]>([
    ['unset', {}],
    ['empty', { WEFT_SECRET_A: '' }],
    ['in a file that is missing', { WEFT_SECRET_A_FILE: join(folder, 'none') }],
    ['in a file that is a folder', { WEFT_SECRET_A_FILE: folder }],
  ])('fail with missing_secret when one is %s', (_name, env) => {
    expect(resolveSecrets({ key: { secret: 'A' } }, ['/key'], env)).toMatchObject({
      kind: 'failed',
      error: { code: 'missing_secret', retryable: false, message: expect.stringContaining('WEFT_SECRET_A') },
    });
  });

  test.each([
    ['nothing', {}],
    ['a text', { key: 'A' }],
    ['an object with more keys', { key: { secret: 'A', more: 1 } }],
    ['a name that is none', { key: { secret: 'A=B' } }],
  ])('fail when %s stands at the pointer', (_name, input) => {
    expect(resolveSecrets(input, ['/key'], { WEFT_SECRET_A: 'v' })).toMatchObject({
      error: { code: 'invalid_input', details: { errors: [{ pointer: '/key' }] } },
    });
  });
});
