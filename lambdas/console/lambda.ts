/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { entry } from '#shared/aws/lambda-entry.ts';
import { createConsoleHandler } from './handler.ts';

export const handler = entry('console', createConsoleHandler);
