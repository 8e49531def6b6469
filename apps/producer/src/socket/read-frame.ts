import { AppError, SubscriptionId, WsRequest } from '@weft/contract';
import type { RawData } from 'ws';

import { checkBy } from '../http/request-problems.ts';

export type ReadFrame =
  | { kind: 'request'; request: WsRequest }
  /** It means nothing; `id` where it has one at least. */
  | { kind: 'bad'; error: AppError; id: SubscriptionId | null };

/** What a client's frame says. */
export function readFrame(data: RawData, isBinary: boolean): ReadFrame {
  if (isBinary) return bad(new AppError('unparsable', 'frames are JSON text'));
  let value: unknown;
  try {
    value = JSON.parse((data as Buffer).toString());
  } catch {
    return bad(new AppError('unparsable', 'the frame is not JSON'));
  }
  const checked = checkBy(WsRequest, value, []);
  return checked instanceof AppError ? bad(checked, value) : { kind: 'request', request: checked.value };
}

function bad(error: AppError, value?: unknown): ReadFrame {
  const given = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  const id = SubscriptionId.safeParse(given);
  return { kind: 'bad', error, id: id.success ? id.data : null };
}
