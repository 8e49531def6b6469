import { describe, expect, test } from 'vitest';
import { echo, found, withNodes } from './documents.ts';

const withInput = (input: unknown): string[] => found(withNodes({ a: echo }, { input }));

describe('the schemas of answers and payloads', () => {
  test.each([
    ['interrupt', { type: 'interrupt' }, 'answerSchema'],
    ['wait', { type: 'wait', signal: 'paid' }, 'payloadSchema'],
  ])('of %s are checked as that of the input', (_, node, field) => {
    const withSchema = (schema: object): string[] => found(withNodes({ n: { ...node, [field]: schema } }));
    expect(withSchema({ type: 'object', required: ['ok'] })).toEqual([]);
    expect(withSchema({ type: 'objct' })).toEqual([`bad_schema /nodes/n/${field}/type`]);
    expect(withSchema({ $ref: '#' })).toEqual([`bad_schema /nodes/n/${field}`]);
  });
});

describe('the schema of the input', () => {
  test.each([
    ['no schema', 5, ['bad_type /input']],
    ['an unknown type', { type: 'strng' }, ['bad_schema /input/type']],
    ['required as text', { required: 'a' }, ['bad_schema /input/required']],
    ['a property that is no schema', { properties: { a: 5 } }, ['bad_schema /input/properties/a']],
    ['properties as a list', { properties: [] }, ['bad_schema /input/properties']],
    ['an empty enum', { enum: [] }, ['bad_schema /input/enum']],
    ['a negative length', { properties: { a: { minLength: -1 } } }, ['bad_schema /input/properties/a/minLength']],
    ['a pattern that is none', { items: { pattern: '(' } }, ['bad_schema /input/items/pattern']],
    ['a name pattern that is none', { patternProperties: { '[': {} } }, ['bad_schema /input/patternProperties']],
    ['an empty anyOf', { anyOf: [] }, ['bad_schema /input/anyOf']],
    ['a member of anyOf that is no schema', { anyOf: [{}, 'x'] }, ['bad_schema /input/anyOf/1']],
    ['a reference to nothing', { $ref: '#/$defs/a' }, ['bad_schema /input/$ref']],
    ['a reference to the outside', { $ref: 'https://example.org/schema' }, ['bad_schema /input/$ref']],
    ['a schema that is itself', { $ref: '#' }, ['bad_schema /input']],
    [
      'schemas that are each other',
      { $defs: { a: { $ref: '#/$defs/b' }, b: { allOf: [{ $ref: '#/$defs/a' }] } } },
      ['bad_schema /input/$defs/a'],
    ],
  ])('%s is refused', (_, input, expected) => {
    expect(withInput(input)).toEqual(expected);
  });

  test('every error is told', () => {
    expect(withInput({ type: 'x', required: 1, minimum: '1' })).toEqual([
      'bad_schema /input/type',
      'bad_schema /input/required',
      'bad_schema /input/minimum',
    ]);
  });

  test.each([
    [
      'an object with required properties',
      { type: 'object', required: ['a'], properties: { a: { type: ['string', 'null'] } } },
    ],
    [
      'a tree',
      { $defs: { tree: { properties: { kids: { items: { $ref: '#/$defs/tree' } } } } }, $ref: '#/$defs/tree' },
    ],
    ['anchors', { $defs: { a: { $anchor: 'here', type: 'string' } }, properties: { x: { $ref: '#here' } } }],
    [
      'draft-07 words',
      { definitions: { 'a/b': true }, items: [{ $ref: '#/definitions/a~1b' }], dependencies: { x: ['y'] } },
    ],
    ['words of others', { 'x-order': 3, format: 'email', default: {}, examples: [1] }],
    ['a property named as a keyword', { properties: { type: { type: 'string' }, required: true } }],
  ])('%s is accepted', (_, input) => {
    expect(withInput(input)).toEqual([]);
  });
});
