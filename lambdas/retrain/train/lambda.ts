/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createTrainHandler } from './handler.ts';

export const handler = createTrainHandler(awsDeps(process.env));
