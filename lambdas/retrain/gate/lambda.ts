/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createGateHandler } from './handler.ts';

export const handler = createGateHandler(awsDeps(process.env));
