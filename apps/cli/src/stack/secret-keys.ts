/** What the tokens of endpoints are encrypted with. */
import { ensureSecretKey, readSecretKey, secretKeyFile } from '@weft/embedded';
import { parseSecretKey, parseSecretKeys, SecretKeyError } from '@weft/postgres';
import type { SecretKey, SecretKeys } from '@weft/postgres';

import { secretKeyTexts, type Environment } from '../config.ts';

/** As the environment says. Throws SecretKeyError. */
export function secretKeys(env: Environment): SecretKeys {
  const { present, old } = textsOf(env);
  return {
    present: present === null ? null : parseSecretKey(present, 'WEFT_ENCRYPTION_KEY'),
    old: old === null ? [] : parseSecretKeys(old, 'WEFT_ENCRYPTION_KEYS_OLD'),
  };
}

/** Those of a stack with a data folder of its own, which has a key there where the environment names none. Throws SecretKeyError. */
export function secretKeysOf(env: Environment, dataDir: string): SecretKeys {
  const { present, old } = secretKeys(env);
  if (present === null) return { present: fileKey(ensureSecretKey(dataDir), dataDir), old };
  return { present, old: [...old, ...fileKeys(dataDir)] };
}

/** Those that whoever looks at a stack has at hand; makes none. Throws SecretKeyError. */
export function secretKeysAtHand(env: Environment, dataDir: string): SecretKeys {
  const { present, old } = secretKeys(env);
  return { present, old: [...old, ...fileKeys(dataDir)] };
}

/** Once the environment names a key, that of the folder is one of the old ones. */
function fileKeys(dataDir: string): SecretKey[] {
  const text = readSecretKey(dataDir);
  return text === null ? [] : [fileKey(text, dataDir)];
}

function fileKey(text: string, dataDir: string): SecretKey {
  return parseSecretKey(text, secretKeyFile(dataDir));
}

function textsOf(env: Environment): ReturnType<typeof secretKeyTexts> {
  try {
    return secretKeyTexts(env);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SecretKeyError(`the file of a secret key cannot be read: ${reason}`, { cause: error });
  }
}
