/** Floods a mesh of its own under injected faults and checks what came of it: `npm run soak -- --minutes 30 --seed 7`. */
import path from 'path';
import { fail, prepare, root, run } from './environment.mjs';

async function main() {
  const node = await prepare();
  const entry = path.join(root, 'test', 'soak', 'main.ts');
  process.exitCode = await run(node, [entry].concat(process.argv.slice(2)));
}

main().catch((error) => fail(error.message));
