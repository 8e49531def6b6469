import type { ScheduleState } from '@weft/contract';

import type { Action } from '../../actions/action.ts';
import { ActionButton } from '../../actions/action-button.tsx';
import { api } from '../../api/session.ts';
import { reload } from '../../store/resource.ts';

/** What can be done with a schedule in its present state. */
export function ScheduleActions({ name, state }: { name: string; state: ScheduleState }) {
  const action = (verb: 'pause' | 'resume' | 'run', label: string, said: string, question?: string): Action => ({
    label,
    cli: `npx weft schedules ${verb} ${name}`,
    ...(question !== undefined && { question }),
    perform: async () => {
      await api().schedules[verb](name);
      reload('schedule');
      return said;
    },
  });
  return (
    <div className="row">
      <ActionButton action={action('run', 'Run it now', `${name} runs now`)} />
      {state === 'active' && (
        <ActionButton
          action={action('pause', 'Pause', `${name} is paused`, `${name} starts nothing until it is resumed.`)}
        />
      )}
      {state === 'paused' && (
        <ActionButton action={action('resume', 'Resume', `${name} goes on with its next instant`)} />
      )}
    </div>
  );
}
