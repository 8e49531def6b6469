/** Signatures as Standard Webhooks has them: https://www.standardwebhooks.com */
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** What is signed: `timestamp` in seconds. */
export type Signed = { id: string; timestamp: number; body: string };

/** One signature for each secret, so that a receiver that knows any of them is content. */
export function signatureOf(secrets: readonly string[], { id, timestamp, body }: Signed): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    })
    .join(' ');
}
