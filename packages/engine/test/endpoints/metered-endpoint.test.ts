import type { EndpointRecord } from '@weft/engine/ports';
import { meteredEndpoint } from '@weft/engine/runtime';
import { describe, expect, test } from 'vitest';

function record(more: Partial<EndpointRecord>): EndpointRecord {
  return {
    tenant: 'acme',
    name: 'a',
    protocol: 'openai_chat',
    url: 'https://llm.example/v1',
    model: 'small',
    tags: [],
    specialties: [],
    maxConcurrent: 1,
    price: {},
    limits: {},
    health: {},
    options: {},
    token: { kind: 'value', value: 'the token' },
    isDraining: false,
    isHealthy: null,
    createdAt: 0,
    updatedAt: 0,
    ...more,
  };
}

const shares = (a: Partial<EndpointRecord>, b: Partial<EndpointRecord>): boolean => {
  return meteredEndpoint(record(a)).credential === meteredEndpoint(record({ name: 'b', ...b })).credential;
};

describe('what a provider allows', () => {
  test('is shared by endpoints that show the same token to the same server', () => {
    expect(shares({}, { model: 'large', url: 'https://llm.example/v2' })).toBe(true);
    expect(shares({}, { url: 'https://other.example/v1' })).toBe(false);
    expect(shares({}, { token: { kind: 'value', value: 'another' } })).toBe(false);
    expect(shares({}, { token: { kind: 'secret', name: 'the token' } })).toBe(false);
    expect(shares({ token: null }, { token: null })).toBe(false);
  });

  test('is counted for each model, or each endpoint, where they say so', () => {
    const [model, endpoint] = [
      { limits: { sharedBy: 'model' } } as const,
      { limits: { sharedBy: 'endpoint' } } as const,
    ];
    expect(shares(model, model)).toBe(true);
    expect(shares(model, { ...model, model: 'large' })).toBe(false);
    expect(shares(endpoint, endpoint)).toBe(false);
  });

  test('is named without telling the token', () => {
    expect(JSON.stringify(meteredEndpoint(record({})))).not.toContain('the token');
  });
});
