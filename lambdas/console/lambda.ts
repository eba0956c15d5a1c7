/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createConsoleHandler } from './handler.ts';

export const handler = createConsoleHandler(awsDeps(process.env));
