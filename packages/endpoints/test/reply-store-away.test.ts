import { expect, test } from 'vitest';

import { openProtocol, protocolCall } from './protocol-call.ts';

test.each([
  ['mqtt', 'mqtt://127.0.0.1:1/desk'],
  ['redis_stream', 'redis://127.0.0.1:1/desk'],
  ['a2a', 'http://127.0.0.1:1/'],
] as const)('a store of answers that is away is no fault of an endpoint (%s)', async (protocol, url) => {
  const away = async (): Promise<never> => {
    throw new Error('Connection is closed.');
  };
  const replies = { open: away, note: away, put: away, reopen: away, attend: away, openMailbox: away, leave: away };
  const result = await openProtocol(protocol, { replies }).call(protocolCall(url));

  expect(result).toMatchObject({ isFault: false, error: { code: 'reply_store_unavailable', retryable: true } });
});
