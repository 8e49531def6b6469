/** Writes the secrets of the stack to `.env`, once: a password of its database, the token of its API, and the key for tokens. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const FILE = new URL('../.env', import.meta.url);

const secret = () => randomBytes(24).toString('hex');
const key = randomBytes(32).toString('hex');
const text = `POSTGRES_PASSWORD=${secret()}\nWEFT_TOKEN=${secret()}\nWEFT_ENCRYPTION_KEY=${key}\n`;

try {
  writeFileSync(FILE, text, { flag: 'wx', mode: 0o600 });
  console.log('wrote .env: POSTGRES_PASSWORD, WEFT_TOKEN, WEFT_ENCRYPTION_KEY');
} catch (error) {
  if (error.code !== 'EEXIST') throw error;
  console.log('.env is there already and stays as it is');
}
