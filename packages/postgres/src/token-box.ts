/**
 * Encrypts the tokens of endpoints: AES-256-GCM with a random nonce. Tenant and name are bound to it, so that nobody who may
 * write to the table gets a token sent elsewhere by moving it to another endpoint.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import type { SecretKey, SecretKeys } from './secret-keys.ts';

/** `sealed` ends with the tag. */
export type SealedToken = { keyId: string; nonce: Buffer; sealed: Buffer };

type Owner = { tenant: string; name: string };

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class TokenBox {
  readonly #present: SecretKey | null;
  readonly #keys: ReadonlyMap<string, SecretKey>;

  constructor({ present, old }: SecretKeys) {
    this.#present = present;
    this.#keys = new Map([...old, ...(present ? [present] : [])].map((key) => [key.id, key]));
  }

  /** Of the key that encrypts now; null: none does. */
  get keyId(): string | null {
    return this.#present?.id ?? null;
  }

  /** Of the keys that can be read with. */
  get keyIds(): string[] {
    return Array.from(this.#keys.keys());
  }

  /** Null where there is no key. */
  seal(token: string, owner: Owner): SealedToken | null {
    if (this.#present === null) return null;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#present.bytes, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(boundTo(owner));
    const sealed = Buffer.concat([cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { keyId: this.#present.id, nonce, sealed };
  }

  /** Null where its key is not at hand, or where it is not what was sealed for this owner. */
  open({ keyId, nonce, sealed }: SealedToken, owner: Owner): string | null {
    const key = this.#keys.get(keyId);
    if (key === undefined || sealed.length < TAG_BYTES) return null;
    try {
      const decipher = createDecipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(boundTo(owner));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return decipher.update(sealed.subarray(0, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return null;
    }
  }
}

/** No name holds a NUL. */
function boundTo({ tenant, name }: Owner): Buffer {
  return Buffer.from(`weft endpoint\0${tenant}\0${name}`);
}
