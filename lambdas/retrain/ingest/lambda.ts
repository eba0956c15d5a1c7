/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createIngestHandler } from './handler.ts';

export const handler = createIngestHandler(awsDeps(process.env));
