/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { entry } from '#shared/aws/lambda-entry.ts';
import { createNotifyHandler } from './handler.ts';

export const handler = entry('notify', createNotifyHandler);
