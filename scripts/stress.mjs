/** Floods a running stack: `weft stress` with the arguments given. */
import path from 'path';
import { fail, prepare, root, run } from './environment.mjs';

async function main() {
  const node = await prepare();
  const entry = path.join(root, 'apps', 'cli', 'src', 'main.ts');
  process.exitCode = await run(node, [entry, 'stress'].concat(process.argv.slice(2)));
}

main().catch((error) => fail(error.message));
