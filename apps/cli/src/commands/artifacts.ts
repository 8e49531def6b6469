/** weft artifacts: files that tasks write and read. */
import { createWriteStream, openAsBlob } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, type Artifact, type ExitCode } from '@weft/contract';
import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { formatBytes } from '../output/bytes.ts';
import { painter } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';
import { tableLines } from '../output/table.ts';

export type ListOptions = { run?: string; limit: number; cursor?: string };
export type PutOptions = { name?: string; type?: string };

export async function listArtifacts(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const page = await client.artifacts.list({ ...options, signal });
  if (context.json) {
    writeJson(context, page);
    return exitCodes.ok;
  }
  if (page.items.length === 0) say(context, 'no artifacts');
  else {
    const [header = '', ...lines] = tableLines(['ARTIFACT', 'SIZE', 'TYPE', 'CREATED', 'NAME'], page.items.map(rowOf));
    terminal.out.write(`${[painter(terminal.out.color)('dim', header), ...lines].join('\n')}\n`);
  }
  if (page.nextCursor !== null) say(context, `more: --cursor ${page.nextCursor}`);
  return exitCodes.ok;
}

function rowOf({ artifact, bytes, mediaType, createdAt, name }: Artifact): string[] {
  return [artifact, formatBytes(bytes), plainText(mediaType), createdAt, plainText(name)];
}

export async function getArtifact(
  context: CommandContext,
  artifact: string,
  { output }: { output?: string },
): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  if (output === undefined && terminal.out.isTty && !context.json) {
    throw usage('the content may be no text for a terminal: name a file with --output, or send it through a pipe');
  }
  const { body } = await client.artifacts.download(artifact, { signal });
  const content = body ? Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]) : Readable.from([]);
  if (output === undefined) {
    await pipeline(content, process.stdout, { end: false });
    return exitCodes.ok;
  }
  // A file that is there already is not this command's to remove.
  const file = createWriteStream(output, { flags: 'wx' });
  const isOurs = new Promise<boolean>((done) => {
    file.once('open', () => done(true));
    file.once('error', () => done(false));
  });
  try {
    await pipeline(content, file);
  } catch (error) {
    if (await isOurs) await rm(output, { force: true });
    throw signal.aborted
      ? error
      : usage(`cannot write ${output}: ${error instanceof Error ? error.message : String(error)}`);
  }
  say(context, `${output} is written`);
  return exitCodes.ok;
}

export async function putArtifact(
  context: CommandContext,
  file: string,
  { name, type }: PutOptions,
): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const content = await openAsBlob(file).catch((error: unknown) => {
    throw usage(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const artifact = await client.artifacts.upload({ name: name ?? basename(file), mediaType: type }, content, {
    signal,
  });
  if (context.json) writeJson(context, artifact);
  else terminal.out.write(`${artifact.artifact}\n`);
  return exitCodes.ok;
}

export async function deleteArtifact(context: CommandContext, artifact: string): Promise<ExitCode> {
  await context.client.artifacts.remove(artifact, { signal: context.interrupt });
  say(context, `${plainText(artifact)} is deleted`);
  return exitCodes.ok;
}

function usage(message: string): CliError {
  return new CliError('usage', message, { exitCode: exitCodes.usage });
}
