/** Every fault that a soak knows. */
import type { Fault } from './faults/fault.ts';
import { POSTGRES_FAULTS } from './faults/postgres.ts';
import { PROCESS_FAULTS } from './faults/processes.ts';
import { REDIS_FAULTS } from './faults/redis.ts';
import { VERSION_FAULTS } from './faults/versions.ts';

export const CATALOGUE: readonly Fault[] = [...PROCESS_FAULTS, ...REDIS_FAULTS, ...POSTGRES_FAULTS, ...VERSION_FAULTS];
