/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createMigrateHandler } from './handler.ts';

export const handler = createMigrateHandler(awsDeps(process.env));
