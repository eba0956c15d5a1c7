// Starts the task process: registers the TypeScript loader, then its entry.
import { register } from 'tsx/esm/api';

register();
await import('./task-process-entry.ts');
