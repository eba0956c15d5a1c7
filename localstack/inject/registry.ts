/** The registry of drift injectors and the one function that runs them: adding an injector is a file and a line here. */

import type { TextTable } from '#shared/schema/csv.ts';
import { categorical } from './categorical.ts';
import { concept } from './concept.ts';
import { covariate } from './covariate.ts';
import type { Answered, InjectionPlan, Injector, InjectorMode, OptionalSetting } from './injector.ts';
import { label } from './label.ts';
import { missing } from './missing.ts';
import { schema } from './schema.ts';
import { temporal } from './temporal.ts';

export const injectors: readonly Injector[] = [
  covariate,
  label,
  concept,
  missing,
  schema,
  categorical,
  temporal,
];

/** What was asked for; everything but the seed has a default. */
export interface InjectionRequest extends Partial<Omit<InjectionPlan, 'seed'>> {
  readonly seed: number;
}

/** A setting that the injector does not have, or a value outside what it allows. */
export class InjectionSettingError extends Error {
  override readonly name = 'InjectionSettingError';
}

/**
 * Runs one injector. Pure: the same table, request and seed give the same table.
 *
 * @param kind name in the registry
 * @throws InjectionSettingError for a kind, mode or setting that is not allowed, saying what is
 * @throws InvalidDataError when the table has nothing of the kind to change
 * @example inject('covariate', table, { seed: 1, columns: ['carat'], intensity: 0.5 }).description // 'carat moves up by 0.5 sigma (0.237)'
 */
export function inject(kind: string, table: TextTable, request: InjectionRequest): Answered {
  const injector = injectorOf(kind);
  const plan = planOf(injector, request);
  return { ...injector.inject(table, plan), expects: modeOf(injector, plan.mode).expects };
}

/** Throws {@link InjectionSettingError} for an unknown kind. */
export function injectorOf(kind: string): Injector {
  const found = injectors.find((injector) => injector.kind === kind);
  if (found) return found;
  throw new InjectionSettingError(
    `kind "${kind}" is not known: ${injectors.map((injector) => injector.kind).join(', ')} are`,
  );
}

function planOf(injector: Injector, request: InjectionRequest): InjectionPlan {
  const mode = modeOf(injector, request.mode);
  refuseForeignSettings(injector, request);
  const intensity = request.intensity ?? defaultIntensity(mode, request);
  const { min, max, unit } = mode.intensity;
  if (!(intensity >= min && intensity <= max))
    throw new InjectionSettingError(
      `intensity ${intensity} is not allowed: ${injector.kind} ${mode.name} takes ${min} to ${max} (${unit})`,
    );
  const { fraction = 1, from = 0, isGradual = false } = request;
  if (!(fraction > 0 && fraction <= 1))
    throw new InjectionSettingError(
      `fraction ${fraction} is not allowed: a share of the rows above 0, up to 1, is`,
    );
  if (!(from >= 0 && from < 1))
    throw new InjectionSettingError(
      `from ${from} is not allowed: a share of the file from 0 up to, not including, 1 is`,
    );
  if (request.columns?.length === 0)
    throw new InjectionSettingError('no column is named: name one or leave it out');
  return { ...request, mode: mode.name, intensity, fraction, from, isGradual };
}

/** Throws {@link InjectionSettingError} for an unknown mode. */
function modeOf(injector: Injector, name: string | undefined): InjectorMode {
  if (name === undefined) return injector.modes[0];
  const found = injector.modes.find((mode) => mode.name === name);
  if (found) return found;
  throw new InjectionSettingError(
    `mode "${name}" is not allowed: ${injector.kind} has ${injector.modes.map((mode) => mode.name).join(', ')}`,
  );
}

/** Where intensity counts columns, naming some means all of them. */
function defaultIntensity({ intensity }: InjectorMode, { columns }: InjectionRequest): number {
  return intensity.unit === 'columns' && columns ? columns.length : intensity.default;
}

function refuseForeignSettings(injector: Injector, request: InjectionRequest): void {
  const given: Readonly<Record<OptionalSetting, boolean>> = {
    column: request.columns !== undefined,
    target: request.target !== undefined,
    time: request.time !== undefined,
    fraction: request.fraction !== undefined,
    from: request.from !== undefined,
    gradual: request.isGradual === true,
  };
  const foreign = (Object.keys(given) as OptionalSetting[]).find(
    (setting) => given[setting] && !injector.settings.includes(setting),
  );
  if (foreign !== undefined)
    throw new InjectionSettingError(
      `${injector.kind} has no setting "${foreign}": it has ${['mode', 'intensity', ...injector.settings].join(', ')}`,
    );
}
