/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createTickHandler } from './handler.ts';

export const handler = createTickHandler(awsDeps(process.env));
