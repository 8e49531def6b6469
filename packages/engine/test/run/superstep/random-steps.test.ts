import { describe } from 'vitest';
import { holdsOfAnyStory } from '../any-story.ts';
import { arbitrarySteps } from './arbitrary-steps.ts';

describe('any workflow in superstep mode, whatever happens to its run', () => {
  holdsOfAnyStory({ documents: arbitrarySteps, rules: 'A5, B5, B8, B9, C1', runs: { numRuns: 150 } });
});
