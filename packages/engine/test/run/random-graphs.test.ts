import { describe } from 'vitest';
import { holdsOfAnyStory } from './any-story.ts';
import { arbitraryGraph } from './arbitrary-graph.ts';

describe('any workflow of any nodes, whatever happens to its run', () => {
  holdsOfAnyStory({ documents: arbitraryGraph, rules: 'A5, B4, B5, B8, C1', runs: { numRuns: 120 } });
});
