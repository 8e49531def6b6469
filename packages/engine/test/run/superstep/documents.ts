/** Runs in superstep mode for the tests. */
import { expect } from 'vitest';
import { validateDocument } from '../../../src/domain/index.ts';
import { env } from '../../validate/documents.ts';
import { Scenario } from '../scenario.ts';
import type { ScenarioOptions } from '../scenario.ts';

/** A run of the document in superstep mode, which must be valid. */
export function superstep(document: object, options: ScenarioOptions = {}): Scenario {
  const whole = { name: 'steps', mode: 'superstep', ...document };
  expect(validateDocument(whole, env).issues).toEqual([]);
  return new Scenario(whole, options);
}
