import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';

import { signatureOf } from '../src/sign.ts';

const OLD = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const NEW = `whsec_${Buffer.alloc(64, 2).toString('base64')}`;

test.each([OLD, NEW])(
  'what is signed with both secrets passes the library of Standard Webhooks with either',
  (secret) => {
    const body = JSON.stringify({ type: 'run.succeeded', data: { name: 'Zoë' } });
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = {
      'webhook-id': 'id',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf([NEW, OLD], { id: 'id', timestamp, body }),
    };

    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow('No matching signature');
  },
);
