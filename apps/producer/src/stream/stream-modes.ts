import { AppError } from '@weft/contract';
import type { EventMode } from '@weft/contract';
import { STREAM_MODES } from '@weft/engine/runtime';
import type { StreamMode } from '@weft/engine/runtime';

/** The modes, if all of them can be streamed. Throws AppError with the pointer of the list otherwise. */
export function streamModes(modes: readonly EventMode[], pointer: string): Set<StreamMode> {
  const known = new Set<EventMode>(STREAM_MODES);
  const unknown = modes.find((mode) => !known.has(mode));
  if (unknown === undefined) return new Set(modes as StreamMode[]);
  const message = `the mode ${unknown} is not supported yet`;
  throw new AppError('node_type_unsupported', message, {
    errors: [{ code: 'node_type_unsupported', pointer, message }],
  });
}
