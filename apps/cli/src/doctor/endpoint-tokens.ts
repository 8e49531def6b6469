/** Whether the tokens of endpoints can be decrypted by who has the keys that the doctor has. */
import type { Finding } from '@weft/contract';
import type { PostgresStore, SecretKeys } from '@weft/postgres';

const SHOWN = 5;

export async function endpointTokens({ endpoints }: PostgresStore, { present, old }: SecretKeys): Promise<Finding> {
  const check = 'endpoint tokens';
  const records = await endpoints.list(null).catch(() => null);
  if (records === null) {
    const advice = 'ask again; if tables are missing, see `schema`';
    return { check, level: 'warn', what: 'the endpoints could not be read', advice };
  }
  const tokens = records.filter(({ token }) => token?.kind === 'value').length;
  const sealed = records.flatMap(({ tenant, name, token }) =>
    token?.kind === 'sealed' ? [`${tenant}/${name}, under the key ${token.keyId}`] : [],
  );
  if (sealed.length === 0) return { check, level: 'ok', what: `all ${tokens} encrypted tokens can be read` };
  const more = sealed.length > SHOWN ? [`and ${sealed.length - SHOWN} more`] : [];
  const known = [present, ...old].flatMap((key) => key?.id ?? []);
  const here = known.length === 0 ? 'no key is at hand here' : `at hand are ${known.join(', ')}`;
  return {
    check,
    // Whoever asks may simply not have the keys that the processes have.
    level: known.length === 0 ? 'warn' : 'error',
    what: `${sealed.length} tokens of endpoints cannot be decrypted; ${here}`,
    where: [...sealed.slice(0, SHOWN), ...more],
    advice:
      'give all processes the key (WEFT_ENCRYPTION_KEY, or among WEFT_ENCRYPTION_KEYS_OLD), or set these tokens anew',
  };
}
