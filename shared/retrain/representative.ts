/** Do the labelled rows look like all rows? If not, a model that is better on them is better on them only. */
import { compareFeature } from '../drift/compare-feature.ts';
import { addColumns } from '../profile/add-columns.ts';
import { buildAnchors } from '../profile/anchors.ts';
import { emptyProfile, featureOf, type Profile } from '../profile/profile.ts';
import type { ModelRecord } from '../registry/model.ts';
import type { Columns } from '../schema/columns.ts';
import { rowsToColumns } from '../schema/rows.ts';
import { judgeFeatures } from '../verdict/judge-features.ts';
import { defaultDriftPolicy } from '../verdict/policy.ts';
import type { Joined } from './snapshot.ts';

export interface Representativeness {
  /** Share of matured rows that are labelled. */
  readonly coverage: number;
  readonly labels_representative: boolean;
  readonly labels_reason: string;
}

const minCoverage = 0.5;

/** Compares labelled with unlabelled matured rows, feature by feature, with the monitor's own tests and tiers. */
export function representativeness(model: ModelRecord, joined: Joined): Representativeness {
  const total = joined.labelled.length + joined.unlabelled.length;
  const coverage = total === 0 ? 0 : joined.labelled.length / total;
  if (coverage < minCoverage)
    return {
      coverage,
      labels_representative: false,
      labels_reason: `${Math.floor(1000 * coverage) / 10} % of the matured rows are labelled; at least ${100 * minCoverage} % are needed`,
    };
  const differing = differingFeatures(
    rowsToColumns(
      model.schema,
      joined.labelled.map((row) => row.features),
    ),
    rowsToColumns(
      model.schema,
      joined.unlabelled.map((row) => row.features),
    ),
  );
  return {
    coverage,
    labels_representative: differing.length === 0,
    labels_reason:
      differing.length === 0
        ? 'labelled and unlabelled rows look alike'
        : `labelled rows differ from unlabelled ones in ${differing.slice(0, 5).join(', ')}`,
  };
}

function differingFeatures(labelled: Columns, unlabelled: Columns): string[] {
  const anchors = buildAnchors(labelled.columns.map((column) => ({ ...column, channel: 'feature' })));
  const reference = profileOf(labelled);
  const current = profileOf(unlabelled);
  const drifts = anchors.anchors.map((anchor) =>
    compareFeature(anchor, featureOf(reference, anchor.name), featureOf(current, anchor.name)),
  );
  return judgeFeatures(drifts, defaultDriftPolicy)
    .filter((verdict) => verdict.level === 'warning' || verdict.level === 'critical')
    .map((verdict) => verdict.name);

  function profileOf(data: Columns): Profile {
    const profile = emptyProfile(anchors);
    addColumns(profile, data.columns);
    return profile;
  }
}
