import type { EventBus } from '../../ports/index.ts';
import { Alarm } from './alarm.ts';

/** What the bus has said about one run since it was last looked at. */
export type NoticeInbox = {
  /** Rings with every notice that concerns the listener. */
  readonly alarm: Alarm;
  /** Whether it was said that the run has ended, or may have been. */
  takeEnded(): boolean;
  close(): void;
};

export function openInbox(bus: EventBus, request: { runId: string; wantsLive: boolean }): NoticeInbox {
  const alarm = new Alarm();
  let ended = false;
  const close = bus.subscribe(request.runId, (notice) => {
    if (notice.kind === 'live' && !request.wantsLive) return;
    if (notice.kind === 'step') ended ||= notice.ended;
    if (notice.kind === 'gap') ended = true;
    alarm.ring();
  });
  return {
    alarm,
    close,
    takeEnded: () => {
      const was = ended;
      ended = false;
      return was;
    },
  };
}
