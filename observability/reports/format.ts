/** Figures as a person reads them: three significant digits, no false precision, a dash where there is none. */

/** Stands where there is no figure. */
export const NONE = '–';
/** Narrow no-break space between a figure and its unit. */
const THIN = '\u202f';
/** Made once: making it takes longer than all else of a figure. */
const GROUPED = new Intl.NumberFormat('en-GB');
const MINUS = '\u2212';

type Optional = number | null | undefined;

/** @example figure(3932.8) // '3,933' @example figure(0.012345) // '0.0123' @example figure(null) // '–' */
export function figure(value: Optional): string {
  if (!isFigure(value)) return NONE;
  if (value === 0) return '0';
  const size = Math.abs(value);
  const digits =
    size >= 1e9 || size < 1e-4
      ? exponential(size)
      : size >= 1000
        ? GROUPED.format(Math.round(size))
        : String(Number(size.toPrecision(3)));
  return value < 0 ? MINUS + digits : digits;
}

/** A de-biased PSI: to a thousandth, as what is smaller says nothing. @example psi(-0.00005) // '0.000' @example psi(0.4567) // '0.457' */
export function psi(value: Optional): string {
  if (!isFigure(value) || Math.abs(value) >= 0.1) return figure(value);
  const digits = Math.abs(value).toFixed(3);
  return value < 0 && Number(digits) > 0 ? MINUS + digits : digits;
}

/** With its sign. @example signed(0.8) // '+0.8' */
export function signed(value: number): string {
  return value > 0 ? `+${figure(value)}` : figure(value);
}

/** @param value in [0, 1] @example pValue(3e-9) // '< 0.0001' */
export function pValue(value: Optional): string {
  if (!isFigure(value)) return NONE;
  if (value < 1e-4) return '< 0.0001';
  return value < 1 && value > 0.999 ? '> 0.999' : String(Number(value.toPrecision(3)));
}

/** @param value in [0, 1] @example share(0.12345) // '12.3 %' */
export function share(value: Optional): string {
  if (!isFigure(value)) return NONE;
  if (value > 0 && value < 1e-4) return `< 0.01${THIN}%`;
  if (value < 1 && value > 0.999) return `> 99.9${THIN}%`;
  return `${figure(100 * value)}${THIN}%`;
}

/** Before and now, the unit once. @example change(0, 0.05) // '0 → 5 %' */
export function change(before: number, now: number): string {
  const [from, to] = [share(before), share(now)];
  return from === to ? to : `${from.replace(`${THIN}%`, '')} → ${to}`;
}

/** @param value a whole number of things @example count(53940) // '53,940' */
export function count(value: Optional): string {
  return isFigure(value) ? GROUPED.format(Math.round(value)) : NONE;
}

/** @example plural(1, 'row') // '1 row' */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** @example humanised('domain_classifier') // 'domain classifier' */
export function humanised(name: string): string {
  return name
    .replace(/_+/g, ' ')
    .replace(/([a-z])([A-Z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`);
}

/** Of a time in UTC; to the second only where it is not a whole minute. @example moment('2026-11-21T08:00:00.000Z') // '2026-11-21 08:00' */
export function moment(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ').replace(/:00$/, '');
}

function isFigure(value: Optional): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function exponential(size: number): string {
  return size
    .toExponential(2)
    .replace(/\.?0*e\+?/, 'e')
    .replace('e-', `e${MINUS}`);
}
