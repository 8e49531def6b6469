/** The rows of a run's state: what each step wrote to each channel. */
import type { ChannelRecord, ChannelWrite } from '@weft/engine/domain';

import { mustBe } from './values.ts';

export class ChannelRows {
  readonly all: ChannelWrite[] = [];
  /** Those that only stand for others. */
  readonly compactions = new Set<ChannelWrite>();
  readonly #byChannel = new Map<string, ChannelWrite[]>();

  /** A base stands for all that was written up to its step, a delta of the same step included. */
  read(name: string, isSeen: (step: number) => boolean): ChannelRecord | undefined {
    const rows = (this.#byChannel.get(name) ?? []).filter((write) => isSeen(write.step));
    if (rows.length === 0) return undefined;
    const bases = rows.filter((row) => row.kind === 'base').toSorted((a, b) => a.step - b.step);
    const base = bases.at(-1);
    const deltas = rows
      .filter((row) => row.kind === 'delta' && row.step > (base?.step ?? -1))
      .toSorted((a, b) => a.step - b.step);
    return {
      base: base?.value,
      deltas: deltas.map((row) => row.value),
      lastStep: deltas.at(-1)?.step ?? base?.step ?? 0,
      deltaBytes: deltas.reduce((sum, row) => sum + JSON.stringify(row.value).length, 0),
      baseBytes: base ? JSON.stringify(base.value).length : 0,
    };
  }

  put(write: ChannelWrite, compacts: boolean): void {
    mustBe(!this.#isWritten(write), `${write.channel} is written twice in step ${write.step}`);
    this.all.push(write);
    const before = this.#byChannel.get(write.channel);
    if (before) before.push(write);
    else this.#byChannel.set(write.channel, [write]);
    if (compacts) this.compactions.add(write);
  }

  /** Steps only grow, compactions aside, which are rare. */
  #isWritten({ channel, step, kind }: ChannelWrite): boolean {
    const written = this.#byChannel.get(channel) ?? [];
    const isNew = step > (written.at(-1)?.step ?? 0);
    return !isNew && written.some((write) => write.step === step && write.kind === kind);
  }
}
