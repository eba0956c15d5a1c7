/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createParityHandler } from './handler.ts';

export const handler = createParityHandler(awsDeps(process.env));
