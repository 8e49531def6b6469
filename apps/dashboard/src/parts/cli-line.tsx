import { say } from './say.ts';

/** A command line that does the same, with a button to copy it. */
export function CliLine({ line }: { line: string }) {
  return (
    <div className="cli">
      <code>{line}</code>
      <button type="button" className="quiet" aria-label={`Copy ${line}`} onClick={() => void copy(line)}>
        copy
      </button>
    </div>
  );
}

export async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  say({ text: 'Copied' });
}
