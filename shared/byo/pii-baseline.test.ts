import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { judgeTokens } from '../privacy/judge-tokens.ts';
import { addColumns } from '../profile/add-columns.ts';
import { buildAnchors } from '../profile/anchors.ts';
import { emptyProfile } from '../profile/profile.ts';
import { checkQuality } from '../quality/check-quality.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { type FeatureRow, tokenColumns } from '../schema/rows.ts';
import { readBaselineRows } from './baseline-rows.ts';

const schema: ModelSchema = {
  features: [
    { name: 'amount', kind: 'numeric' },
    { name: 'phone', kind: 'categorical', pii: true },
  ],
  target: { name: 'y' },
};
const secret = '07700900123';
const baseline = (...lines: readonly string[]) =>
  gzipSync(
    [...lines, ...Array.from({ length: 100 }, (_, at) => row(at % 5 === 0 ? null : true, at))].join('\n'),
  );
const row = (phone: unknown, amount = 1) => JSON.stringify({ features: { amount, phone } });

describe('an uploaded baseline of a model with a pii feature', () => {
  test('says of each row whether it was there', async () => {
    const rows = await readBaselineRows(schema, baseline());
    expect(rows.map(({ features }) => features.phone).slice(0, 3)).toEqual([
      null,
      'tok_unknown',
      'tok_unknown',
    ]);
  });

  test.each([
    ['a value', row(secret), 'line 1 of the baseline: "phone" is pii: its values must not be uploaded'],
    ['a number', row(7700900123), 'line 1 of the baseline: "phone" is pii'],
    ['no object', `["${secret}"]`, 'line 1 of the baseline is not a JSON object'],
    ['half a line', `{"features": {"phone": "${secret}"`, 'line 1 of the baseline is not a JSON object'],
  ])(
    'is refused with %s in it, and what is said of it goes no further than that',
    async (_, line, reason) => {
      const refused = await readBaselineRows(schema, baseline(line)).catch((error: Error) => error);
      expect(String(refused)).toContain(reason);
      expect(String(refused)).not.toContain('7700900');
    },
  );

  test('judges missing, and says that of new values it knows nothing', async () => {
    const rows = await readBaselineRows(schema, baseline());
    const columns = tokenColumns(
      schema,
      rows.map(({ features }) => features),
    );
    const anchors = buildAnchors(columns.map((column) => ({ ...column, channel: 'token' })));
    const reference = emptyProfile(anchors);
    addColumns(reference, columns);
    const window = (missing: number) => {
      const profile = emptyProfile(anchors);
      const served = Array.from(
        { length: 100 },
        (__, at): FeatureRow => ({
          phone: at < missing ? null : `tok_${at}`,
        }),
      );
      addColumns(profile, tokenColumns(schema, served));
      return profile;
    };
    const found = (missing: number) =>
      checkQuality({ anchors, reference, current: window(missing) }).map(({ check }) => check);
    expect(found(20)).toEqual([]);
    expect(found(80)).toEqual(['missing_rate_jump']);
    // rows that came without the column: that it is there now is no repair
    expect(checkQuality({ anchors, reference: emptyProfile(anchors), current: window(20) })).toEqual([]);
    expect(judgeTokens(reference, window(20))).toEqual([
      {
        name: 'phone',
        rows: 100,
        missing: 0.2,
        missing_reference: 0.2,
        unseen: { computable: false, reason: expect.stringContaining('the baseline knows no tokens') },
      },
    ]);
  });
});
