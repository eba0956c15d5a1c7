/** The shapes a handler factory may have; hosts call what they return. */
import type { Deps } from './deps.ts';
import type { Json } from './json.ts';

export type Handler<Event, Result = Json> = (event: Event) => Promise<Result>;
export type HandlerFactory<Event, Result = Json> = (deps: Deps) => Handler<Event, Result>;
