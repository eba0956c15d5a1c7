/** A priority queue: the item of the largest priority comes out first. */

interface Heap<Item> {
  readonly push: (item: Item) => void;
  /** Takes out the item of the largest priority; of equals, the one added first. */
  readonly pop: () => Item | undefined;
  readonly size: () => number;
}

/**
 * An empty binary heap.
 *
 * @example
 * const heap = createHeap<number>((item) => item);
 * heap.push(1), heap.push(3), heap.push(2), heap.pop(); // 3
 */
export function createHeap<Item>(priority: (item: Item) => number): Heap<Item> {
  type Entry = { readonly item: Item; readonly rank: number; readonly added: number };
  const entries: Entry[] = [];
  let added = 0;
  const isBefore = (one: Entry, other: Entry) =>
    one.rank > other.rank || (one.rank === other.rank && one.added < other.added);
  const swap = (one: number, other: number) => {
    [entries[one], entries[other]] = [entries[other]!, entries[one]!];
  };
  return {
    push(item) {
      let at = entries.push({ item, rank: priority(item), added: added++ }) - 1;
      while (at > 0 && isBefore(entries[at]!, entries[(at - 1) >> 1]!)) {
        swap(at, (at - 1) >> 1);
        at = (at - 1) >> 1;
      }
    },
    pop() {
      if (entries.length === 0) return undefined;
      swap(0, entries.length - 1);
      const { item } = entries.pop()!;
      for (let at = 0; ; ) {
        const children = [2 * at + 1, 2 * at + 2].filter((child) => child < entries.length);
        const first = children.reduce(
          (best, child) => (isBefore(entries[child]!, entries[best]!) ? child : best),
          at,
        );
        if (first === at) return item;
        swap(at, first);
        at = first;
      }
    },
    size: () => entries.length,
  };
}
