/** A SQL query as a data file: the rows of PostgreSQL, spooled once to CSV, which every reader here understands. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { InvalidDataError } from '../errors.ts';

export interface QuerySource {
  /** `postgres://user:password@host:port/database`, with `sslmode` and the like as parameters. */
  readonly connection: string;
  /** One SELECT; it runs in a read-only transaction. */
  readonly query: string;
}

export interface SpoolOptions {
  /** Longest the query may run, milliseconds. @default 15 minutes */
  readonly timeoutMs?: number;
  readonly onProgress?: (rows: number) => void;
  /** The server's words are left out of errors, but for their code: it quotes values it cannot convert. @default false */
  readonly isPrivate?: boolean;
}

const BATCH_ROWS = 5000;
/** What a number is, the reader of the file decides. */
const asText = { getTypeParser: () => (text: string) => text };
/** Type ids of PostgreSQL's catalogue. */
const TYPES = { boolean: 16, timestamp: 1114, timestampWithZone: 1184 } as const;

/**
 * Runs the query and writes its rows to a CSV file, a cursor at a time: memory does not grow with the rows.
 *
 * @param file - to create; of use only when this resolves
 * @returns the number of rows
 * @throws InvalidDataError when the server cannot be reached, refuses the query, or answers without rows or with two
 *   columns of one name; never with the connection's password in it
 */
export async function spoolQuery(
  { connection, query }: QuerySource,
  file: string,
  { timeoutMs = 900_000, onProgress, isPrivate = false }: SpoolOptions = {},
): Promise<number> {
  const client = await connect(connection, timeoutMs);
  try {
    await client.query('BEGIN TRANSACTION READ ONLY');
    await client.query("SET LOCAL TimeZone = 'UTC'");
    await client.query('SET LOCAL DateStyle = ISO');
    return await copy(client, query, file, onProgress);
  } catch (error) {
    if (error instanceof InvalidDataError) throw error;
    if (isPrivate) throw new InvalidDataError(`the query failed: ${codeOf(error)}`);
    throw new InvalidDataError(`the query failed: ${(error as Error).message}`, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' ? `code ${code}` : 'the connection was lost or timed out';
}

async function connect(connection: string, timeoutMs: number): Promise<pg.Client> {
  const where = shown(connection);
  try {
    const client = new pg.Client({
      connectionString: connection,
      statement_timeout: timeoutMs,
      connectionTimeoutMillis: 10_000,
      application_name: 'tidemark',
    });
    // a connection lost between two reads must not end the process; the next read reports it
    client.on('error', () => undefined);
    await client.connect();
    return client;
  } catch (error) {
    throw new InvalidDataError(`${where} cannot be reached: ${(error as Error).message}`, { cause: error });
  }
}

/** Without the password. */
function shown(connection: string): string {
  const url = URL.canParse(connection) ? new URL(connection) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol))
    throw new InvalidDataError('not a connection: postgres://user:password@host:port/database is expected');
  return `postgres://${url.host}${url.pathname}`;
}

async function copy(
  client: pg.Client,
  query: string,
  file: string,
  onProgress: SpoolOptions['onProgress'],
): Promise<number> {
  const cursor = client.query(new Cursor(query, [], { rowMode: 'array', types: asText }));
  const out = createWriteStream(file);
  let rows = 0;
  let header: readonly pg.FieldDef[] | undefined;
  try {
    for (;;) {
      const { batch, fields } = await read(cursor);
      if (header === undefined) {
        header = checkedHeader(fields);
        out.write(`${header.map(({ name }) => cell(name)).join(',')}\n`);
      }
      if (batch.length === 0) break;
      const types = header.map(({ dataTypeID }) => dataTypeID);
      const text = batch.map((row) => row.map((value, at) => cell(value, types[at])).join(','));
      if (!out.write(`${text.join('\n')}\n`)) await once(out, 'drain');
      rows += batch.length;
      onProgress?.(rows);
    }
  } finally {
    out.end();
    await finished(out);
  }
  if (rows === 0) throw new InvalidDataError('the query gave no rows');
  return rows;
}

function read(
  cursor: Cursor,
): Promise<{ readonly batch: readonly (string | null)[][]; readonly fields: readonly pg.FieldDef[] }> {
  return new Promise((resolve, reject) => {
    // nothing is told of the result once it has ended
    cursor.read(BATCH_ROWS, (error, batch, result: pg.QueryResult | undefined) => {
      if (error) reject(error);
      else resolve({ batch: batch as (string | null)[][], fields: result?.fields ?? [] });
    });
  });
}

function checkedHeader(fields: readonly pg.FieldDef[]): readonly pg.FieldDef[] {
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined)
    throw new InvalidDataError(`the query gives two columns named "${twice}": name one of them with AS`);
  if (names.length < 2)
    throw new InvalidDataError(
      `the query gives ${names.length} columns: a feature and the target are expected`,
    );
  return fields;
}

/** Quoted where CSV needs it. */
function cell(value: string | null, type?: number): string {
  if (value === null) return '';
  const text = plain(value, type);
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Booleans and times as files have them: ISO 8601, with `Z` for the UTC that was asked for. */
function plain(value: string, type: number | undefined): string {
  if (type === TYPES.boolean) return value === 't' ? 'true' : 'false';
  if (type === TYPES.timestamp || type === TYPES.timestampWithZone)
    return value.replace(' ', 'T').replace(/\+00(:00)?$/, 'Z');
  return value;
}
