// Schedules and subscriptions of the surface, as EventBridge rules in the stack that owns the handler.
import { Duration } from 'aws-cdk-lib';
import { type IEventBusRef, type IRuleTarget, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Construct } from 'constructs';
import { eventSource, schedules, subscriptions } from '#shared/api/surface.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { NodeFunction } from './node-function.ts';

export interface EventWiringProps {
  readonly functions: readonly NodeFunction[];
  readonly bus: IEventBusRef;
  readonly deadLetters: DeadLetters;
}

/** Every schedule and subscription whose handler is one of `functions`. */
export class EventWiring extends Construct {
  constructor(scope: Construct, id: string, { functions, bus, deadLetters }: EventWiringProps) {
    super(scope, id);
    const find = (name: string) => functions.find((fn) => fn.surfaceName === name);

    // Before the schedules: what is told to a function that has both must not be given up as easily as a tick.
    for (const subscription of subscriptions) {
      const fn = 'handler' in subscription ? find(subscription.handler) : undefined;
      if (fn === undefined) continue;
      new Rule(this, `On-${subscription.event}`, {
        description: `Tidemark: ${subscription.event} to ${fn.surfaceName}`,
        eventBus: bus,
        eventPattern: { source: [eventSource], detailType: [subscription.event] },
        targets: [target(fn, deadLetters, retries)],
      });
    }
    for (const { name, everyMinutes, handler } of schedules) {
      const fn = find(handler);
      if (fn === undefined) continue;
      // A rule, not EventBridge Scheduler: emulators accept its schedules and never fire them.
      new Rule(this, `Schedule-${name}`, {
        description: `Tidemark: ${handler} every ${everyMinutes} min`,
        schedule: Schedule.rate(Duration.minutes(everyMinutes)),
        // A missed one is caught up by the next; a late one would only run beside it.
        targets: [target(fn, deadLetters, { retryAttempts: 0, maxEventAge: Duration.minutes(everyMinutes) })],
      });
    }
  }
}

export interface Retries {
  readonly retryAttempts: number;
  readonly maxEventAge: Duration;
}

/** Two tries more within the hour: what an event asks for is claimed by whoever does it, so a repeat is harmless. */
export const retries: Retries = { retryAttempts: 2, maxEventAge: Duration.hours(1) };

/**
 * EventBridge only hands over: what it cannot deliver and what the function then fails on are lost in different places, so
 * both are told where to leave it.
 */
export function target(fn: NodeFunction, deadLetters: DeadLetters, tries: Retries): IRuleTarget {
  // Once per function: the tries of its first rule hold for all.
  if (fn.lambda.node.tryFindChild('EventInvokeConfig') === undefined) {
    fn.lambda.configureAsyncInvoke({ ...tries, onFailure: new SqsDestination(deadLetters) });
    deadLetters.grantEncrypt(fn.role);
  }
  return new LambdaFunction(fn.lambda, { deadLetterQueue: deadLetters, ...tries });
}
