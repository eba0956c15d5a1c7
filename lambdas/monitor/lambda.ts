/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createMonitorHandler } from './handler.ts';

export const handler = createMonitorHandler(awsDeps(process.env));
