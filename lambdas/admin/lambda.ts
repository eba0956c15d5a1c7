/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createAdminHandler } from './handler.ts';

export const handler = createAdminHandler(awsDeps(process.env));
