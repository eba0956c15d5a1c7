/** `npm run local:demo`: the story of `npm run demo` on the deployed app, told while it happens, and whether it held what it claims. */

import type { Endpoints } from './endpoints.ts';
import { compressTime, Story, storyModels, trainAndRegister } from './story.ts';

export interface CloudDemoResult {
  readonly champion_before: string;
  readonly champion_after: string;
  readonly false_alarms: number;
  /** Of the run that drift started; null when none was. */
  readonly run: string | null;
  /** Of the run on labels that mean nothing. */
  readonly run_on_noise: string | null;
  /** Root mean squared errors on new rows. */
  readonly error: { readonly usual: number; readonly under_drift: number; readonly after: number };
  /** Share of the damage undone. */
  readonly recovery: number;
  readonly rolled_back: boolean;
  readonly predictions_sent: number;
  readonly predictions_counted: number;
  readonly duration_s: number;
}

const calmWindows = 2;
const mostDriftedWindows = 6;
const minRecovery = 0.5;

/** @param say one line of narration */
export async function tellStory(endpoints: Endpoints, say: (text: string) => void): Promise<CloudDemoResult> {
  const startedAt = Date.now();
  const drift = new Story(endpoints, storyModels.drift, 11);
  const noise = new Story(endpoints, storyModels.noise, 12);
  const both = <T>(tell: (story: Story) => Promise<T>) => Promise.all([tell(drift), tell(noise)]);

  say('training a model of stone prices here, and registering it twice over HTTP: stones, shuffled');
  await trainAndRegister(endpoints, [drift.model.name, noise.model.name]);
  await both(({ model }) => compressTime(model));
  const [before, noiseBefore] = await both(({ model }) => model.champion());
  say(`serving ${before} at ${endpoints.api}/models/${drift.model.name}/predict`);

  say(`${calmWindows} calm windows: nothing should be said of them`);
  for (let at = 0; at < calmWindows; at++) await both((story) => story.window('usual'));
  const calm = (await both(({ model }) => model.reports())).flat();
  const falseAlarms = calm.filter(({ outcome }) => outcome.confirmed).length;
  const usual = await drift.error('usual');
  say(`${falseAlarms} alarms; root mean squared error ${shown(usual)}`);

  say('stones get heavier, and cost more than their weight used to explain');
  const underDrift = await drift.error('changed');
  say(
    `the error is ${shown(underDrift)} now; windows go on until the drift is confirmed and a run has decided`,
  );
  const run = await drift.untilDecided('changed', mostDriftedWindows);
  const promoted = await drift.model.champion();
  say(`the run in Step Functions ended: ${run?.outcome ?? 'none was started'}; serving ${promoted}`);
  await drift.servesByDefault(promoted);
  const after = await drift.error('changed');
  say(`the error is ${shown(after)}`);

  say('for the other model labels lose all meaning');
  const noiseRun = await noise.untilDecided('shuffled', mostDriftedWindows);
  const noiseAfter = await noise.model.champion();
  say(`its run ended: ${noiseRun?.outcome ?? 'none was started'}; still serving ${noiseAfter}`);

  say(`rolling stones back to ${before}`);
  await drift.model.post('/rollback', { actor: 'demo', reason: 'shown by the demo', to_version: before });
  const rolledBack = (await drift.model.champion()) === before && noiseAfter === noiseBefore;

  const sent = drift.model.rows + noise.model.rows;
  const counted = (await both((story) => story.countedAll())).reduce((sum, count) => sum + count, 0);
  say(`${sent} predictions were answered, ${counted} are counted`);
  return {
    champion_before: before,
    champion_after: promoted,
    false_alarms: falseAlarms,
    run: run?.outcome ?? null,
    run_on_noise: noiseRun?.outcome ?? null,
    error: { usual, under_drift: underDrift, after },
    recovery: underDrift > usual ? (underDrift - after) / (underDrift - usual) : 0,
    rolled_back: rolledBack,
    predictions_sent: sent,
    predictions_counted: counted,
    duration_s: Math.round((Date.now() - startedAt) / 100) / 10,
  };
}

/** Each claim that did not hold, in words; none when the demo held what it claims. */
export function failuresOf(result: CloudDemoResult): string[] {
  const claims: [boolean, string][] = [
    [result.false_alarms === 0, `${result.false_alarms} alarms were confirmed while nothing had changed`],
    [result.run === 'promoted', `no new version was promoted: ${result.run ?? 'no run was started'}`],
    [
      result.recovery >= minRecovery,
      `the new version undid ${Math.round(100 * result.recovery)} % of the damage; ${100 * minRecovery} % are claimed`,
    ],
    [
      result.run_on_noise === 'rejected',
      `no candidate was rejected on meaningless labels: ${result.run_on_noise ?? 'no run was started'}`,
    ],
    [result.rolled_back, 'the rollback did not bring the version before back'],
    [
      result.predictions_sent === result.predictions_counted,
      `${result.predictions_sent} predictions were answered and ${result.predictions_counted} counted`,
    ],
  ];
  return claims.filter(([holds]) => !holds).map(([, otherwise]) => otherwise);
}

const shown = (value: number) => value.toPrecision(4);
