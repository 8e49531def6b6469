import { describe, expect, test } from 'vitest';
import { found, issuesOf, withNodes } from './documents.ts';

const wait = (fields: object): string[] => found(withNodes({ n: { type: 'wait', ...fields } }));
const interrupt = (fields: object): string[] => found(withNodes({ n: { type: 'interrupt', ...fields } }));

describe('a wait', () => {
  test.each([
    ['a time', { ms: 5 }],
    ['an instant', { until: '2030-01-31T12:00:00+01:00' }],
    ['a day', { until: '2030-01-31' }],
    ['a template of an instant', { until: '{{ input.day }}T00:00:00Z' }],
    ['a signal', { signal: 'paid', timeoutMs: 1000, payloadSchema: { type: 'object' } }],
  ])('is for %s', (_, fields) => {
    expect(wait(fields)).toEqual([]);
  });

  test.each([
    ['nothing', {}, ['missing_field /nodes/n/ms']],
    ['two things', { ms: 5, signal: 'paid' }, ['invalid_value /nodes/n/signal']],
    [
      'three',
      { ms: 5, until: '2030-01-31', signal: 'x' },
      ['invalid_value /nodes/n/until', 'invalid_value /nodes/n/signal'],
    ],
    ['a time with a timeout', { ms: 5, timeoutMs: 5 }, ['invalid_value /nodes/n/timeoutMs']],
    ['a time with a payload', { ms: 5, payloadSchema: {} }, ['invalid_value /nodes/n/payloadSchema']],
    ['no instant', { until: 'tomorrow' }, ['invalid_value /nodes/n/until']],
    ['an instant in no zone', { until: '2030-01-31T12:00:00' }, ['invalid_value /nodes/n/until']],
    ['a month that there is not', { until: '2030-13-01' }, ['invalid_value /nodes/n/until']],
  ])('is not for %s', (_, fields, expected) => {
    expect(wait(fields)).toEqual(expected);
  });
});

describe('a question', () => {
  test('may expire, with a default that its schema takes or without one', () => {
    expect(interrupt({ expiresMs: 5 })).toEqual([]);
    const answerSchema = { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } };
    expect(interrupt({ expiresMs: 5, answerSchema, default: { ok: false } })).toEqual([]);
    expect(interrupt({ expiresMs: 5, answerSchema, default: { ok: 'no' } })).toEqual([
      'invalid_value /nodes/n/default',
    ]);
    const [issue] = issuesOf(
      withNodes({ n: { type: 'interrupt', expiresMs: 5, answerSchema, default: { ok: 'no' } } }),
    );
    expect(issue?.message).toContain('at /ok');
  });

  test('that does not expire has no default', () => {
    expect(interrupt({ default: 1 })).toEqual(['invalid_value /nodes/n/default']);
  });

  test('with a schema that is none is told once', () => {
    expect(interrupt({ answerSchema: { type: 'x' }, expiresMs: 5, default: 1 })).toEqual([
      'bad_schema /nodes/n/answerSchema/type',
    ]);
  });
});
