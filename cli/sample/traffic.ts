/** Gentle traffic: one request and its label at a time, at a steady rate, until told to stop. */
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { sendRows } from '../demo/client.ts';

export interface Traffic {
  stop(): Promise<void>;
}

export function startTraffic(
  url: string,
  model: string,
  rows: readonly LabelledRow[],
  perSecond: number,
): Traffic {
  let isStopped = false;
  const prefix = `sample-${Date.now()}`;
  const sending = (async () => {
    for (let sent = 0; !isStopped; sent++) {
      const row = rows[sent % rows.length]!;
      const started = Date.now();
      try {
        await sendRows({ url, model }, [
          { id: `${prefix}-${sent}`, features: row.features, label: row.label },
        ]);
      } catch (error) {
        if (!isStopped) process.stderr.write(`tidemark: sample traffic: ${String(error)}\n`);
      }
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, started + 1000 / perSecond - Date.now())),
      );
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await sending;
    },
  };
}
