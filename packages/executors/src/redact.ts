import type { Json, JsonObject } from '@weft/contract';
import type { Outcome, TextRedactor } from '@weft/engine/ports';

const MASK = '***';

/** Shorter secrets are not redacted: they stand in too many words, and hiding them everywhere would tell what they are. */
const MIN_SECRET_LENGTH = 4;

/** A shorter piece of base64 would be found by chance. */
const MIN_BASE64_LENGTH = 8;

type Container = Json[] | JsonObject;

/**
 * Replaces every occurrence of a secret in the strings and keys of a value by `***`: as it is, JSON-escaped, URL-encoded
 * (also as in a form), and in base64 and base64url, there also inside a longer text (`user:secret`). Secrets of fewer
 * than 4 characters stay, numbers too. The given value is left as it is.
 */
export function redact<T extends Json>(value: T, secrets: readonly string[]): T {
  const forms = formsOf(secrets);
  return forms.length === 0 ? value : (mask(value, forms) as T);
}

/** `redact` for all that an outcome says. */
export function redactOutcome(outcome: Outcome, secrets: readonly string[]): Outcome {
  if (secrets.length === 0) return outcome;
  if (outcome.kind === 'failed') {
    const { error } = outcome;
    const details = error.details === undefined ? {} : { details: redact(error.details, secrets) };
    const memo = outcome.memo === undefined ? {} : { memo: redact(outcome.memo, secrets) };
    return { ...outcome, error: { ...error, message: redact(error.message, secrets), ...details }, ...memo };
  }
  if (outcome.kind === 'again') {
    const note = outcome.note === undefined ? {} : { note: redact(outcome.note, secrets) };
    const updates = outcome.stateUpdates === undefined ? {} : { stateUpdates: redact(outcome.stateUpdates, secrets) };
    return { ...outcome, memo: redact(outcome.memo, secrets), ...note, ...updates };
  }
  const { stateUpdates } = outcome;
  const updates = stateUpdates === undefined ? {} : { stateUpdates: redact(stateUpdates, secrets) };
  return { ...outcome, output: redact(outcome.output, secrets), ...updates };
}

/**
 * `redact` for a text that comes in pieces. The end of a piece that may be the beginning of a secret, in any of its forms,
 * waits for the next one; null if there is no secret to look for.
 */
export function redactText(secrets: readonly string[]): TextRedactor | null {
  const forms = formsOf(secrets);
  if (forms.length === 0) return null;
  let held = '';
  return {
    push(piece) {
      const text = maskText(held + piece, forms);
      const kept = text.length - beginningLength(text, forms);
      held = text.slice(kept);
      return text.slice(0, kept);
    },
    end() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

/** How much of the end of the text may be the beginning of a form. */
function beginningLength(text: string, forms: readonly string[]): number {
  const longest = forms[0]?.length ?? 0;
  for (let length = Math.min(longest - 1, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (forms.some((form) => form.startsWith(end))) return length;
  }
  return 0;
}

/** Longest first, so that a form which contains another is replaced as a whole. */
function formsOf(secrets: readonly string[]): string[] {
  const long = secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH);
  return [...new Set(long.flatMap(writings))].toSorted((one, other) => other.length - one.length);
}

function writings(secret: string): string[] {
  // A lone surrogate cannot be URL-encoded.
  const formed = secret.toWellFormed();
  const form = new URLSearchParams([['', formed]]).toString().slice(1);
  const base64 = [0, 1, 2].flatMap((offset) => base64At(secret, offset));
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(formed), form, ...base64];
}

/** The characters of base64 that depend on the secret alone when `offset` bytes (mod 3) stand before it. */
function base64At(secret: string, offset: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor((bytes.length * 8) / 6);
  const forms = (['base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding).slice(first, last));
  return forms.filter((form) => form.length >= MIN_BASE64_LENGTH);
}

function maskText(text: string, forms: readonly string[]): string {
  return forms.reduce((masked, form) => masked.replaceAll(form, MASK), text);
}

/** A loop with its own stack: outputs come here before anybody has bounded their depth. */
function mask(root: Json, forms: readonly string[]): Json {
  const open: [source: Container, copy: Container][] = [];
  const copyOf = (value: Json): Json => {
    if (typeof value === 'string') return maskText(value, forms);
    if (typeof value !== 'object' || value === null) return value;
    const copy: Container = Array.isArray(value) ? [] : {};
    open.push([value, copy]);
    return copy;
  };
  const copied = copyOf(root);
  for (let next = open.pop(); next !== undefined; next = open.pop()) fill(...next, forms, copyOf);
  return copied;
}

function fill(source: Container, copy: Container, forms: readonly string[], copyOf: (value: Json) => Json): void {
  if (Array.isArray(copy)) {
    for (const value of Object.values(source)) copy.push(copyOf(value));
    return;
  }
  for (const [key, value] of Object.entries(source)) {
    // Defined, not assigned: a key `__proto__` stays a key.
    Object.defineProperty(copy, maskText(key, forms), {
      value: copyOf(value),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
}
