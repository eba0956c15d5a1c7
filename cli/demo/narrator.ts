/** Says what the demo is doing while it does it, in lines a person can read along. */
import type { LeakSuspect } from '#shared/evaluation/leak-suspects.ts';
import type { ReportEntry } from '#shared/monitoring/report-index.ts';
import type { Manifest } from '#shared/registry/model.ts';
import type { DemoData } from './data.ts';
import type { Injection } from './injection.ts';
import type { DemoResult } from './result.ts';
import type { RunView } from './watch.ts';

export type Narrator = ReturnType<typeof createNarrator>;

export function createNarrator(stream: NodeJS.WritableStream, startedAt: number) {
  const line = (text: string) => stream.write(`${text}\n`);
  const say = (text: string) =>
    line(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  const more = (text: string) => line(`          ${text}`);

  return {
    say,
    phase: (text: string) => say(`— ${text}`),
    describeData(data: DemoData, injection: Injection, leaks: readonly LeakSuspect[], dataDir: string) {
      const { inferred, train, holdout, traffic, final } = data;
      const kinds = inferred.schema.features.map((feature) => `${feature.name} (${feature.kind})`);
      say(`${inferred.rows.length} rows, ${kinds.length} features, ${inferred.task}`);
      more(
        kinds.length > 12
          ? `${kinds.slice(0, 12).join(', ')} and ${kinds.length - 12} more`
          : kinds.join(', '),
      );
      for (const { column, reason } of inferred.excluded) more(`left out: ${column} (${reason})`);
      for (const note of inferred.notes) more(`note: ${note}`);
      for (const { column, score } of leaks)
        more(
          `warning: ${column} alone predicts the target (score ${score}); is it a leak? --exclude ${column} leaves it out`,
        );
      more(
        `split by row hash: ${train.length} train, ${holdout.length} holdout, ${traffic.length} traffic, ${final.length} final check`,
      );
      more(`traffic is replayed in ${data.order}`);
      if (data.isSmall)
        more(
          'small_data: few rows; the holdout may be as small as 10 rows here, and the bound decides with little power',
        );
      more(`fixed before any model exists: ${injection.description}`);
      more('auto_promote=true for this demo (default off)');
      more(`everything is kept in ${dataDir}`);
      say('training the first version');
    },
    trained({ version, metrics, parity, trainer }: Manifest) {
      say(`version ${version}: ${figures(metrics)} on held-out rows, ${trainer.rounds} rounds`);
      if (parity)
        more(
          `onnxruntime answers as the trainer on ${parity.rows} rows (largest difference ${parity.max_absolute.toPrecision(2)})`,
        );
    },
    serving: (url: string) =>
      say(`serving on ${url}; a window lasts 2 s here instead of 24 h, every step is the same`),
    window(number: number, report: ReportEntry) {
      const { outcome, worst, rows, reasons } = report;
      const mark = outcome.confirmed ? ' CONFIRMED' : '';
      const psi = worst ? `${worst.name} PSI ${worst.psi.toFixed(3)}` : 'nothing comparable';
      say(
        `window ${String(number).padStart(2)}  ${String(rows).padStart(5)} rows  ${outcome.level}${mark}  (worst: ${psi})`,
      );
      if (outcome.kind !== 'none' || outcome.level === 'shifted')
        for (const reason of reasons.slice(0, 3)) more(`· ${reason}`);
    },
    run(run: RunView) {
      say(`run ended: ${run.outcome ?? run.status}`);
      for (const { name, startedAt: start, endedAt } of run.stages.filter(
        (stage) => !stage.name.endsWith('Route'),
      ))
        more(`· ${name}${endedAt === undefined ? '' : ` ${endedAt - start} ms`}`);
      const reason = run.detail?.reason ?? run.detail?.gate?.reason;
      if (reason) more(`because: ${reason}`);
    },
    conclude(result: DemoResult, failures: readonly string[]) {
      const { error, recovery } = result;
      say('— result');
      more(`${error.metric} on final-check rows nobody has seen: ${shown(error.baseline)} before the change`);
      if (error.under_drift !== null)
        more(
          `${shown(error.under_drift)} with the old model after it, ${shown(error.naive)} by looking at nothing`,
        );
      if (error.after !== null)
        more(`${shown(error.after)} with the new model: ${Math.round(100 * (recovery ?? 0))} % recovered`);
      more(
        `alarms before the change: ${result.false_alarms}; windows until the alarm was confirmed: ${result.detection_delay_windows ?? '-'}`,
      );
      if (result.resampled > 1)
        more(`resampled ×${result.resampled}: traffic rows were sent that many times`);
      more(`${result.predictions_sent} predictions sent, ${result.predictions_logged} in the log`);
      if (failures.length === 0) say('the demo held what it claims');
      for (const failure of failures) say(`NOT SO: ${failure}`);
    },
    paste(dir: string, alarmReport: string | undefined) {
      line('');
      line('npm run demo -- --data YOUR.csv --target COLUMN');
      line(`less ${dir}/${alarmReport === undefined ? 'demo.json' : 'report.json'}`);
      line(`npm start -- --data-dir ${dir}`);
    },
  };
}

function figures(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .filter(([name]) => name !== 'rows')
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(', ');
}

function shown(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(4)));
}
