import { z } from 'zod';

import type { ProtocolRules } from '../../protocol.ts';
import { optionsProblem } from '../options.ts';
import { brokerOptions } from '../replies/broker-login.ts';
import { checkMqttUrl } from './mqtt-url.ts';

export const options = z
  .strictObject(brokerOptions)
  .refine(({ tokenFor, username }) => tokenFor === 'worker' || username !== undefined, {
    path: ['username'],
    message: 'a password needs a username',
  });

export const mqttRules: ProtocolRules = {
  protocol: 'mqtt',
  checkUrl: checkMqttUrl,
  checkOptions: (given) => optionsProblem(options, given),
};
