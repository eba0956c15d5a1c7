/** From a request line to a route of the API list, and to the API Gateway v1 proxy event that its handler gets. */
import { type Route, routes } from '#shared/api/surface.ts';

export interface Match {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

export type Matching =
  | { readonly kind: 'found'; readonly match: Match }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'wrong_method'; readonly allowed: readonly string[] };

interface Pattern {
  readonly route: Route;
  readonly segments: readonly string[];
}

const patterns: readonly Pattern[] = routes.map((route) => ({ route, segments: split(route.path) }));

/** @param path percent-encoded, without the query */
export function matchRoute(method: string, path: string): Matching {
  const segments = decoded(split(path));
  if (!segments) return { kind: 'malformed' };
  const allowed: string[] = [];
  for (const pattern of patterns) {
    const parameters = parametersOf(pattern.segments, segments);
    if (!parameters) continue;
    if (pattern.route.method === method)
      return { kind: 'found', match: { route: pattern.route, parameters } };
    allowed.push(pattern.route.method);
  }
  return allowed.length > 0 ? { kind: 'wrong_method', allowed } : { kind: 'not_found' };
}

function split(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function decoded(segments: readonly string[]): string[] | undefined {
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function parametersOf(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (let at = 0; at < pattern.length; at++) {
    const part = pattern[at]!;
    if (part.startsWith('{')) parameters[part.slice(1, -1)] = segments[at]!;
    else if (part !== segments[at]) return undefined;
  }
  return parameters;
}
