/** Types for the in-process DynamoDB of the tests; the package ships none. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  export default function dynalite(options?: {
    readonly createTableMs?: number;
    readonly path?: string;
  }): Server;
}
