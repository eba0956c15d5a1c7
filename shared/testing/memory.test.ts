import { describeObjects } from '../ports/objects.contract.ts';
import { CONTRACT_START_MS, describeTable } from '../ports/table.contract.ts';
import { MemoryObjects } from './memory-objects.ts';
import { MemoryTable } from './memory-table.ts';

describeTable('MemoryTable', async () => {
  let nowMs = CONTRACT_START_MS;
  return {
    table: new MemoryTable(() => nowMs),
    advance: (ms) => {
      nowMs += ms;
    },
    close: async () => undefined,
  };
});

describeObjects('MemoryObjects', async () => {
  const objects = new MemoryObjects();
  return { objects, send: (put, bytes) => objects.send(put, bytes), close: async () => undefined };
});
