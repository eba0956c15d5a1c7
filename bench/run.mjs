// `npm run bench`: registers the TypeScript loader, then measures everything.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('./run.ts');
await main(process.argv.slice(2));
