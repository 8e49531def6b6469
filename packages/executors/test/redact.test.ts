import type { Json } from '@weft/contract';
import { redact, redactOutcome, redactText } from '@weft/executors';
import { assert, jsonValue, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

const SECRET = 'p&ss w"rd\n/é+1';

describe('a redacted value', () => {
  test('hides a secret in strings, in keys and on every level', () => {
    expect(redact({ a: ['x hunter2 y hunter2', 7, null], hunter2: { b: true } }, ['hunter2'])).toEqual({
      a: ['x *** y ***', 7, null],
      '***': { b: true },
    });
    expect(redact('hunter2', ['hunter2'])).toBe('***');
  });

  test.each([
    ['as it is', SECRET],
    ['escaped for JSON', JSON.stringify({ a: SECRET })],
    ['encoded for a URL', `https://desk.example/?q=${encodeURIComponent(SECRET)}`],
    ['encoded as a form', new URLSearchParams({ q: SECRET }).toString()],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
  ])('hides a secret %s', (_name, text) => {
    const hidden = redact(text, [SECRET]);

    expect(hidden).toContain('***');
    expect(decodedForms(hidden).some((form) => form.includes(SECRET.slice(2, -2)))).toBe(false);
  });

  test.each(['u:', 'me:', 'bob:', 'name:'])('hides a secret inside the base64 of "%sSECRET"', (before) => {
    const text = `Basic ${Buffer.from(`${before}correct horse battery`).toString('base64')}`;

    expect(redact(text, ['correct horse battery'])).toMatch(/^Basic .{0,8}\*\*\*.{0,2}=*$/);
  });

  test('hides the longer of two secrets as a whole', () => {
    expect(redact('abcdef', ['abcd', 'abcdef'])).toBe('***');
  });

  test('keeps secrets of fewer than four characters', () => {
    expect(redact({ a: 'abc' }, ['abc', ''])).toEqual({ a: 'abc' });
  });

  test('leaves the given value as it is', () => {
    const value = { a: ['hunter2'] };
    redact(value, ['hunter2']);

    expect(value).toEqual({ a: ['hunter2'] });
  });

  test('keeps a key __proto__ a key and survives deep nesting', () => {
    const odd = JSON.parse('{"__proto__":{"a":"hunter2"}}') as Json;
    const deep = JSON.parse('['.repeat(50_000) + '"hunter2"' + ']'.repeat(50_000)) as Json;

    expect(JSON.stringify(redact(odd, ['hunter2']))).toBe('{"__proto__":{"a":"***"}}');
    expect(Array.isArray(redact(deep, ['hunter2']))).toBe(true);
  });

  test('equals the value when no secret is in it', () => {
    assert(
      property(jsonValue(), (value) => {
        expect(JSON.stringify(redact(value as Json, ['\u{1F511} not in there']))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('a redacted outcome', () => {
  test('hides secrets in output and state updates', () => {
    const outcome = redactOutcome({ kind: 'succeeded', output: 'hunter2', stateUpdates: { a: 'hunter2' } }, [
      'hunter2',
    ]);

    expect(outcome).toEqual({ kind: 'succeeded', output: '***', stateUpdates: { a: '***' } });
  });

  test('hides secrets in the error and keeps the rest', () => {
    const error = { code: 'x', message: 'no hunter2', retryable: true, details: { body: 'hunter2' } };

    expect(redactOutcome({ kind: 'failed', error, retryAfterMs: 5 }, ['hunter2'])).toEqual({
      kind: 'failed',
      error: { code: 'x', message: 'no ***', retryable: true, details: { body: '***' } },
      retryAfterMs: 5,
    });
  });
});

function decodedForms(text: string): string[] {
  return [text, decodeURIComponent(text.replaceAll('+', ' ')), Buffer.from(text, 'base64').toString()];
}

describe('a text that comes in pieces', () => {
  const secret = 'sk-hunter2-sk-hunter3';

  test('shows no secret wherever it is cut, and loses nothing else', () => {
    const text = `use ${secret} or sk-hunter2-sk-, and ${encodeURIComponent(secret)}; sk-hunter2-s`;
    const whole = redact(text, [secret]);
    for (let size = 1; size <= text.length; size++) {
      const redactor = redactText([secret]);
      let shown = '';
      for (let at = 0; at < text.length; at += size) shown += redactor?.push(text.slice(at, at + size));
      expect(shown + redactor?.end()).toBe(whole);
    }
  });

  test('goes through at once where no secret begins', () => {
    const redactor = redactText([secret]);
    expect(redactor?.push('hello ')).toBe('hello ');
    expect(redactor?.push('s')).toBe('');
    expect(redactor?.push('o')).toBe('so');
    expect(redactText([])).toBeNull();
  });
});
