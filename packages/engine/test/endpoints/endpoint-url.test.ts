import { checkEndpointUrl } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';

import { checkEndpoint } from '../../src/domain/endpoints/check-endpoint.ts';
import { afterProbe, endpointStatus } from '../../src/domain/endpoints/endpoint-status.ts';

describe('the URL of an endpoint', () => {
  test.each([
    ['webhook', 'http://127.0.0.1:3000/webhook'],
    ['webhook', 'https://agent.example/hook?team=blue'],
    ['api_chat', 'https://agent.example'],
    ['openai_chat', 'http://[::1]:11434/v1'],
    ['a2a', 'https://agent.example/a2a/'],
    ['mqtt', 'mqtt://broker:1883/agents/coder'],
    ['mqtt', 'mqtts://broker/coder'],
    ['redis_stream', 'rediss://queue.example:6380/work'],
  ] as const)('of %s may be %s', (protocol, url) => {
    expect(checkEndpointUrl(protocol, url)).toBeNull();
  });

  test.each([
    ['webhook', 'http://agent.example', 'explicit path'],
    ['webhook', 'http://agent.example///', 'explicit path'],
    ['webhook', 'http://agent.example?x=/y', 'explicit path'],
    ['api_chat', 'agent.example/x', 'no URL'],
    ['api_chat', 'localhost:3000/x', 'must begin with http:// or https://'],
    ['api_chat', 'file:///etc/passwd', 'must begin with http:// or https://'],
    ['api_chat', 'http:\\\\agent.example/x', 'no URL'],
    ['a2a', ' https://agent.example/a2a', 'no URL'],
    ['a2a', 'https://canary@agent.example/a2a', 'user or a password'],
    ['openai_chat', 'https://:canary@agent.example/v1', 'user or a password'],
    ['mqtt', 'mqtt://broker', 'the topic'],
    ['mqtt', 'https://broker/topic', 'mqtt:// or mqtts://'],
    ['mqtt', 'mqtt:///topic', 'no host'],
    ['redis_stream', 'redis://user:canary@queue/work', 'user or a password'],
  ] as const)('of %s may not be %s', (protocol, url, why) => {
    expect(checkEndpointUrl(protocol, url)).toContain(why);
    expect(checkEndpointUrl(protocol, url)).not.toContain('canary');
  });

  test('all that is wrong with an endpoint is told at once', () => {
    const items = checkEndpoint({ protocol: 'openai_chat', url: 'x', health: { url: 'mqtt://broker/x' } });
    expect(items.map(({ pointer }) => pointer)).toEqual(['/url', '/model', '/health/url']);
  });
});

describe('how an endpoint is', () => {
  const well = { isDraining: false, isHealthy: true, circuit: 'closed' } as const;

  test('is said by what weighs most: draining, dead, open, active', () => {
    expect(endpointStatus({ isDraining: true, isHealthy: false, circuit: 'open' })).toBe('draining');
    expect(endpointStatus({ ...well, isHealthy: false, circuit: 'open' })).toBe('dead');
    expect(endpointStatus({ ...well, circuit: 'open' })).toBe('open');
    expect(endpointStatus({ ...well, circuit: 'half_open' })).toBe('active');
    expect(endpointStatus({ ...well, isHealthy: null })).toBe('active');
  });

  test('turns to dead with the third health check in a row that fails, and back with one that does not', () => {
    let state: { isHealthy: boolean | null; failures: number } = { isHealthy: null, failures: 0 };
    const seen: (boolean | null)[] = [];
    for (const hasAnswered of [false, false, true, false, false, false, false, true]) {
      state = afterProbe(state, hasAnswered);
      seen.push(state.isHealthy);
    }
    expect(seen).toEqual([null, null, true, true, true, false, false, true]);
  });
});
