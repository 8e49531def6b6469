/** `npm start`: brings what is needed, then runs the embedded stack (`weft dev`) with the arguments given. */
import path from 'path';
import { fail, prepare, root, run } from './environment.mjs';

async function main() {
  const node = await prepare();
  const entry = path.join(root, 'apps', 'cli', 'src', 'main.ts');
  process.exitCode = await run(node, [entry, 'dev'].concat(process.argv.slice(2)));
}

main().catch((error) => fail(error.message));
