/** What a key may do in its tenant: a member works with runs, an admin also decides what is kept and who has keys. */
export type KeyRole = 'admin' | 'member';

/** An API key as it is stored: of its secret there is only the digest. Instants are epoch ms of the store. */
export type KeyRecord = {
  id: string;
  tenant: string;
  name: string;
  role: KeyRole;
  /** SHA-256 of the secret, hexadecimal. */
  digest: string;
  createdAt: number;
  /** Written now and then only. */
  lastUsedAt: number | null;
  expiresAt: number | null;
  revokedAt: number | null;
  /** Neither revoked nor expired, by the store's clock. */
  isLive: boolean;
};

export type NewKey = Pick<KeyRecord, 'id' | 'tenant' | 'name' | 'role' | 'digest'> & {
  /** After so long it is not live any more, ms; null: it does not expire. */
  expiresInMs: number | null;
};

/** `tenant`: null for the keys of all. `beforeId`: the last key of the page before; null for the first page. */
export type KeyPage = { tenant: string | null; limit: number; beforeId: string | null };

/** The API keys of all tenants. A key is never removed: whoever has revoked one can still see that. */
export type KeyStore = {
  add(key: NewKey): Promise<KeyRecord>;
  /** Those of these keys that there are, live or not, in no order. */
  find(ids: readonly string[]): Promise<KeyRecord[]>;
  /** Keys, newest first. */
  list(page: KeyPage): Promise<KeyRecord[]>;
  /** Ends a key for ever; one that was revoked before stays as it was. Null if the tenant (null: any) has no such key. */
  revoke(key: { id: string; tenant: string | null }): Promise<KeyRecord | null>;
  /** Notes that these keys are in use. */
  touch(ids: readonly string[]): Promise<void>;
  /** Whether a key was ever made. */
  hasAny(): Promise<boolean>;
};
