/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createCaptureHandler } from './handler.ts';

export const handler = createCaptureHandler(awsDeps(process.env));
