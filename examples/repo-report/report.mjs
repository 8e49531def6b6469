/**
 * Writes the report: reads { repository, totals, authors, folders } as JSON from the standard input.
 *
 * The same input gives the same file, byte for byte.
 */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { page } from './page.mjs';

const { repository, totals, authors, folders } = JSON.parse(await text(process.stdin));
const html = page({ repository, totals, authors: sorted(authors), folders: sorted(folders) });
const file = join(repository.folder, 'report.html');
await writeFile(`${file}.${process.pid}`, html);
await rename(`${file}.${process.pid}`, file);
process.stdout.write(JSON.stringify({ file, bytes: Buffer.byteLength(html) }));

function sorted(items) {
  return items.toSorted((a, b) => b.commits - a.commits || b.added - a.added || (a.name < b.name ? -1 : 1));
}
