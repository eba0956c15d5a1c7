/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createFoldHandler } from './handler.ts';

export const handler = createFoldHandler(awsDeps(process.env));
