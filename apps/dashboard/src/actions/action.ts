import { explain, isUnauthorized } from '../api/explain.ts';
import { isRefused } from '../api/session.ts';
import { say } from '../parts/say.ts';

/** Something that can be done. */
export type Action = {
  label: string;
  /** The command line that does the same. */
  cli: string;
  /** What is asked before it is done; left out: nothing is lost by it. */
  question?: string;
  /** Gives what is said once it is done. */
  perform: () => Promise<string>;
};

/** Does it, and says that it was done or what keeps it from being done. Gives whether it was done. */
export async function perform({ label, cli, perform: act }: Action): Promise<boolean> {
  try {
    say({ text: await act(), cli });
    return true;
  } catch (error) {
    if (isUnauthorized(error)) isRefused.set(true);
    const { title, detail, hint, points } = explain(error);
    say({ text: [`${label}: ${title}.`, detail, ...points, hint ?? ''].filter(Boolean).join(' '), cli, isBad: true });
    return false;
  }
}
