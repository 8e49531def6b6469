/** Which endpoints share what a provider allows. */
import { contentHash } from '../content-hash.ts';

type Addressed = {
  name: string;
  url: string;
  model: string | null;
  /** One that is sealed cannot be compared. */
  token: { kind: 'value'; value: string } | { kind: 'secret'; name: string } | { kind: 'sealed' } | null;
};

/**
 * Those that send the same credential to the same place for the same model: providers count each model by itself. One without a
 * credential is alone. The text says nothing of the credential.
 */
export function credentialOf({ name, url, model, token }: Addressed): string {
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0].toLowerCase() ?? url;
  if (token === null || token.kind === 'sealed') return `of ${name}`;
  const sent = token.kind === 'value' ? ['value', token.value] : ['secret', token.name];
  return contentHash([origin, model, ...sent]);
}
