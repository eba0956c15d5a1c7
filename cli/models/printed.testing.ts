/** Test support: `tidemark models …` in this process, with what it printed. */
import { vi } from 'vitest';
import { main } from '../main.ts';

export async function printedBy(
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  try {
    const code = await main(['models', ...args]);
    return { code, ...printed };
  } finally {
    vi.restoreAllMocks();
  }
}
