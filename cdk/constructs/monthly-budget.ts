// What the account may cost in a month, and when the topic hears of it.
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { StageName } from '../config.ts';
import { alarmName } from '../names.ts';

export interface MonthlyBudgetProps {
  readonly stage: StageName;
  readonly usd: number;
  readonly topic: ITopic;
}

/** Only tells: nothing is switched off when the money is spent. */
export class MonthlyBudget extends Construct {
  constructor(scope: Construct, id: string, { stage, usd, topic }: MonthlyBudgetProps) {
    super(scope, id);
    const budget = new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: alarmName(stage, 'monthly'),
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: usd, unit: 'USD' },
      },
      notificationsWithSubscribers: notices.map(([notificationType, threshold]) => ({
        notification: {
          notificationType,
          threshold,
          thresholdType: 'PERCENTAGE',
          comparisonOperator: 'GREATER_THAN',
        },
        subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
      })),
    });
    // With its policy: Budgets refuses a topic it may not publish to.
    budget.node.addDependency(topic);
  }
}

const notices = [
  ['ACTUAL', 80],
  ['ACTUAL', 100],
  ['FORECASTED', 100],
] as const;
