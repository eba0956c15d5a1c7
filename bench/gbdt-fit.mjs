// Starts bench/gbdt-fit.ts: registers the TypeScript loader, then fits.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('./gbdt-fit.ts');
await main(process.argv.slice(2));
