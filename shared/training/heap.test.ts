import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createHeap } from './heap.ts';

it('the largest priority comes out first, of equals the one added first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (priorities) => {
      const heap = createHeap<{ priority: number; at: number }>(({ priority }) => priority);
      const items = priorities.map((priority, at) => ({ priority, at }));
      items.forEach(heap.push);
      const popped = items.map(() => heap.pop());
      expect(popped).toEqual(
        [...items].sort((one, other) => other.priority - one.priority || one.at - other.at),
      );
      expect([heap.pop(), heap.size()]).toEqual([undefined, 0]);
    }),
  );
});
