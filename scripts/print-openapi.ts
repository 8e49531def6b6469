/** Writes docs/api/openapi.json from the routes; run it after a route or a schema of the contract has changed. */
import { mkdir, writeFile } from 'node:fs/promises';
import { printApi } from '@weft/producer';

const folder = new URL('../docs/api/', import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL('openapi.json', folder), `${JSON.stringify(await printApi(), null, 2)}\n`);
