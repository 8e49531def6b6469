import type { CliIo } from '../src/cli-io.ts';
import { runCli } from '../src/run-cli.ts';
import type { OutputStream } from '../src/output/terminal.ts';

/** A stream that keeps what is written. */
export type FakeStream = OutputStream & { text(): string };

export function fakeStream(
  options: Partial<Pick<OutputStream, 'isTty' | 'color' | 'columns' | 'rows'>> = {},
): FakeStream {
  let written = '';
  return {
    isTty: false,
    color: false,
    columns: 100,
    rows: 30,
    ...options,
    write: (text) => void (written += text),
    text: () => written,
  };
}

export type CliResult = { code: number; out: string; err: string };

/** Runs the command line inside this process. */
export async function weft(args: readonly string[], io: Partial<CliIo> = {}): Promise<CliResult> {
  const [out, err] = [fakeStream(), fakeStream()];
  const code = await runCli(args, { env: {}, interrupt: new AbortController().signal, terminal: { out, err }, ...io });
  return { code, out: out.text(), err: err.text() };
}
