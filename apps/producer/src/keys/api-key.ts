/** What an API key looks like: `weft_<id>_<secret>`; the id finds it, the secret is known to its holder only. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import { makeUuidV7 } from '@weft/engine/domain';
import type { Clock } from '@weft/engine/ports';

export type ApiKeyParts = { id: string; secret: string };

/** 160 bits. */
const SECRET_BYTES = 20;
const PREFIX = 'weft_';
const KEY = /^weft_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([0-9a-f]{40})$/;

export function makeApiKey(clock: Pick<Clock, 'now' | 'randomBytes'>): ApiKeyParts {
  return { id: makeUuidV7(clock.now(), clock.randomBytes(10)), secret: randomBytes(SECRET_BYTES).toString('hex') };
}

export function apiKeyText({ id, secret }: ApiKeyParts): string {
  return `${shownPrefix(id)}_${secret}`;
}

/** The part of a key that is no secret. */
export function shownPrefix(id: string): string {
  return `${PREFIX}${id.replaceAll('-', '')}`;
}

/** Whether a text means to be an API key. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Null for what is none. */
export function parseApiKey(text: string): ApiKeyParts | null {
  const [, a, b, c, d, e, secret] = KEY.exec(text) ?? [];
  return secret === undefined ? null : { id: [a, b, c, d, e].join('-'), secret };
}

/** What is stored of a secret: SHA-256, hexadecimal. It is long and random, so nothing slower is needed. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Takes the same time wherever two digests differ. */
export function isSameDigest(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
