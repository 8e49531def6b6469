import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { findServerProgram } from './debian-program.ts';
import { freePort } from './free-port.ts';
import { startServerProcess } from './server-process.ts';

/** A real MQTT 5 broker (mosquitto) of one test file. */
export type MqttBroker = {
  /** `mqtt://host:port`, without a topic. */
  url: string;
  /** Ends it at once, as a crash does; what it held is gone. */
  kill(): Promise<void>;
  /** Ends it and starts it anew on the same port; it has forgotten everything. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/** `passwords`: a file of mosquitto with those who are let in; without it, everybody is. */
export type MqttBrokerOptions = { passwords?: string };

/**
 * Starts a broker on a free port of this machine.
 *
 * @throws Error in one line if there is none to start
 */
export async function startMqttBroker({ passwords }: MqttBrokerOptions = {}): Promise<MqttBroker> {
  const program = await findServerProgram('mosquitto');
  const folder = mkdtempSync(join(tmpdir(), 'weft-mqtt-'));
  const port = await freePort();
  const lines = [
    `listener ${port} 127.0.0.1`,
    // As root it would become another user, who cannot read this.
    `user ${userInfo().username}`,
    'persistence false',
    ...(passwords === undefined ? ['allow_anonymous true'] : ['allow_anonymous false', `password_file ${passwords}`]),
  ];
  const settings = join(folder, 'mosquitto.conf');
  writeFileSync(settings, `${lines.join('\n')}\n`);
  const start = () => startServerProcess(program, ['-c', settings], 'running');
  let child = await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    kill: () => child.end('SIGKILL'),
    restart: async () => {
      await child.end('SIGKILL');
      child = await start();
    },
    stop: () => child.end('SIGTERM').finally(() => rmSync(folder, { recursive: true, force: true })),
  };
}
