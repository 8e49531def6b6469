import { useStore } from '../store/store.ts';
import { CliLine } from './cli-line.tsx';
import { toasts } from './say.ts';

/** What was done lately. */
export function Toasts() {
  return (
    <div className="toasts" role="status">
      {useStore(toasts).map(({ id, text, cli, isBad }) => (
        <div key={id} className={isBad === true ? 'toast toast-bad' : 'toast'}>
          <p>{text}</p>
          {cli !== undefined && <CliLine line={cli} />}
        </div>
      ))}
    </div>
  );
}
