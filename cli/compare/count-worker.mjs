// Starts the counting thread: registers the TypeScript loader, then its entry.
import { register } from 'tsx/esm/api';

register();
await import('./count-worker.ts');
