import { expect, test } from 'vitest';
import { answerColumns, type LabelledAnswer } from '../capture/channels.ts';
import { buildAnchors } from '../profile/anchors.ts';
import { memoryDeps } from '../testing/memory-deps.ts';
import { expectedLossFile, expectedLossFileOf, readExpectedLoss } from './expected-loss-file.ts';
import { objectKeys } from './keys.ts';

/** Answered at 0.6, where every second is wrong, and at 0.9, where none is. */
const heldOut: readonly LabelledAnswer[] = Array.from({ length: 120 }, (_, row) => {
  const confidence = row < 60 ? 0.6 : 0.9;
  const label = row < 60 && row % 2 === 0 ? 'low' : 'high';
  return { label, answer: { predicted_class: 'high', confidence } as LabelledAnswer['answer'] };
});

async function stored(labelled: readonly LabelledAnswer[]) {
  const deps = memoryDeps();
  const columns = answerColumns(heldOut.map(({ answer }) => answer));
  const anchors = buildAnchors(columns.map((column) => ({ ...column, channel: 'confidence' as const })));
  const file = expectedLossFileOf(anchors, labelled);
  await deps.objects.put(objectKeys.version('m', 'v', expectedLossFile), file);
  return readExpectedLoss(deps, 'm', 'v');
}

test('what the held-out rows say is read as it was measured', async () => {
  const found = await stored(heldOut);
  expect(found).toMatchObject({ computable: true, kind: 'error_rate', column: '$confidence' });
  expect(found.computable && found.bins.map(({ rows, mean }) => [rows, mean])).toEqual([
    [60, 0.5],
    [60, 0],
  ]);
  expect(found.computable && found.bins[0]!.standardDeviation).toBeCloseTo(Math.sqrt(0.25 * (60 / 59)), 12);
});

test('a version without labelled held-out rows, or with too few, says so', async () => {
  expect(await stored([])).toEqual({
    computable: false,
    reason: 'the version has no labelled held-out rows',
  });
  expect(await stored(heldOut.slice(0, 99))).toMatchObject({
    reason: '99 labelled held-out rows with a confidence; 100 are needed',
  });
});

test('answers of classes without a confidence give no estimate', async () => {
  const unsure = heldOut.map(({ label, answer }) => ({
    label,
    answer: { ...answer, confidence: Number.NaN },
  }));
  expect(await stored(unsure)).toMatchObject({
    reason: '0 labelled held-out rows with a confidence; 100 are needed',
  });
});
