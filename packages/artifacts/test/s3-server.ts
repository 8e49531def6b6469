/** A server that speaks S3, as a process of its own, with one bucket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type S3Server = { endpoint: string; bucket: string; close(): Promise<void> };

const READY = /listening on [^\s]*?:(\d+)/;
const START = 'require(process.argv[1]).parseAsync(["node", "s3rver", ...process.argv.slice(2)])';

export async function startS3Server(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-s3-'));
  const program = join(dirname(createRequire(import.meta.url).resolve('@20minutes/s3rver')), 'cli.js');
  const args = ['-e', START, program, '-d', folder, '-a', '127.0.0.1', '-p', '0', '--configure-bucket', 'artifacts'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const { promise: port, resolve, reject } = Promise.withResolvers<string>();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      output += text.toString();
      const [, found] = READY.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    });
  }
  child.once('exit', () => reject(new Error(`the S3 server has ended: ${output}`)));
  return {
    endpoint: `http://127.0.0.1:${await port}`,
    bucket: 'artifacts',
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
