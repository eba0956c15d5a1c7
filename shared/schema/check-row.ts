/** Rows as people send them → checked rows, or what is wrong with them. Out-of-range and unseen values pass: they are data, not errors. */
import {
  type DecodedImage,
  decodeImage,
  defaultImageLimits,
  type ImageLimits,
} from '../images/decode-image.ts';
import { parseDate } from './dates.ts';
import { type Feature, imageColumn, type ModelSchema, piiFeatures } from './feature-schema.ts';
import { escapePointer, type FeatureRow, type FeatureValue, maxTextLength } from './rows.ts';

interface FieldFault {
  /** RFC 6901 pointer into the request body. */
  readonly pointer: string;
  readonly detail: string;
}

export type RowCheck =
  | { readonly ok: true; readonly row: FeatureRow; readonly image?: DecodedImage }
  | {
      readonly ok: false;
      /** 413 for an image over a limit. */
      readonly status: 400 | 413;
      readonly faults: readonly FieldFault[];
    };

/**
 * Checks one row against the schema: every feature present, nothing else, the right JSON type, finite. `null` says missing.
 *
 * An image is decoded here; of it the row has the hash of its file only. What is pii is checked leniently, still stands in the row as it
 * was sent, and is in no fault: `createTokeniser` replaces it.
 *
 * @param pointer where the feature object stands in the body, e.g. `/features`
 * @param limits of an image
 */
export function checkRow(
  schema: ModelSchema,
  features: unknown,
  pointer: string,
  limits: ImageLimits = defaultImageLimits,
): RowCheck {
  if (typeof features !== 'object' || features === null || Array.isArray(features))
    return {
      ok: false,
      status: 400,
      faults: [{ pointer, detail: `an object of features is expected, got ${shown(schema, features)}` }],
    };
  const given = features as Record<string, unknown>;
  const faults: FieldFault[] = [];
  const row: Record<string, FeatureValue> = {};
  let image: DecodedImage | undefined;
  let status: 400 | 413 = 400;
  for (const feature of schema.features) {
    const at = `${pointer}/${escapePointer(feature.name)}`;
    if (!Object.hasOwn(given, feature.name)) {
      if (feature.kind !== 'id')
        faults.push({
          pointer: at,
          detail:
            feature.kind === 'image'
              ? `missing; send ${wanted(feature)}`
              : `missing; send a ${wanted(feature)}, or null when it is not known`,
        });
      continue;
    }
    if (feature.kind === 'image') {
      const taken = takeImage(given[feature.name], limits);
      if ('image' in taken) {
        image = taken.image;
        row[imageColumn(feature.name, 'sha256')] = image.sha256;
      } else {
        faults.push({ pointer: at, detail: taken.fault });
        if (taken.isTooLarge) status = 413;
      }
      continue;
    }
    const checked = checkValue(feature, given[feature.name]);
    if ('fault' in checked) faults.push({ pointer: at, detail: checked.fault });
    else row[feature.name] = checked.value;
  }
  const known = new Set(schema.features.map((feature) => feature.name));
  for (const name of Object.keys(given))
    if (!known.has(name))
      faults.push({ pointer: `${pointer}/${escapePointer(name)}`, detail: 'not a feature of this model' });
  if (faults.length > 0) return { ok: false, status, faults };
  return image ? { ok: true, row, image } : { ok: true, row };
}

function takeImage(
  value: unknown,
  limits: ImageLimits,
): { readonly image: DecodedImage } | { readonly fault: string; readonly isTooLarge: boolean } {
  if (typeof value !== 'string')
    return { fault: `base64 of a PNG or JPEG file is expected, got ${kindOf(value)}`, isTooLarge: false };
  const decoded = decodeImage(value, limits);
  if (decoded.ok) return decoded;
  return { fault: decoded.reason, isTooLarge: decoded.code === 'too_large' };
}

function checkValue(
  feature: Feature,
  value: unknown,
): { readonly value: FeatureValue } | { readonly fault: string } {
  if (value === null) return { value: null };
  if (feature.pii) return checkPrivate(value);
  if (feature.kind === 'numeric') {
    if (typeof value !== 'number') return { fault: `a number is expected, got ${kindOf(value)}` };
    return Number.isFinite(value) ? { value } : { fault: `a finite number is expected, got ${value}` };
  }
  if (feature.boolean && typeof value === 'boolean') return { value: String(value) };
  if (feature.kind === 'id' && typeof value === 'number') return { value };
  if (typeof value !== 'string') return { fault: `a ${wanted(feature)} is expected, got ${kindOf(value)}` };
  if (value.length > maxTextLength)
    return { fault: `at most ${maxTextLength} characters are allowed, got ${value.length}` };
  if (feature.kind === 'datetime' && parseDate(value) === undefined)
    return { fault: `an ISO 8601 date is expected, got ${JSON.stringify(value.slice(0, 40))}` };
  return { value };
}

/** Whatever its kind: people write numbers of telephones and of houses in either type. No fault shows the value. */
function checkPrivate(value: unknown): { readonly value: FeatureValue } | { readonly fault: string } {
  if (typeof value === 'number' && Number.isFinite(value)) return { value };
  if (typeof value === 'boolean') return { value: String(value) };
  if (typeof value !== 'string')
    return { fault: `a string or a finite number is expected, got ${nameOfType(value)}` };
  if (value.length > maxTextLength)
    return { fault: `at most ${maxTextLength} characters are allowed, got ${value.length}` };
  return { value };
}

function wanted(feature: Feature): string {
  if (feature.pii) return 'string or number';
  if (feature.boolean) return 'boolean';
  return {
    numeric: 'number',
    categorical: 'string',
    datetime: 'ISO 8601 date',
    id: 'string',
    image: 'base64 of a PNG or JPEG file',
  }[feature.kind];
}

/** What stands where a row should may be of any feature. */
function shown(schema: ModelSchema, value: unknown): string {
  return piiFeatures(schema).length > 0 ? nameOfType(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined || typeof value === 'object') return nameOfType(value);
  return `${typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}

function nameOfType(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
