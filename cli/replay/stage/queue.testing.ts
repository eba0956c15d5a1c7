/** Test support: a queue that hides what was received, as SQS does, until a test says its time is up. */
import type { Queue, Received } from './ports.ts';

export class FakeQueue implements Queue {
  readonly name: string;
  readonly hidden = new Set<string>();
  receipts = 0;
  private readonly messages = new Map<string, Omit<Received, 'receipt'>>();
  /** Throw to play a queue that cannot delete. */
  beforeDelete: () => void = () => undefined;
  /** Shows everything again before each receipt, as when all visibility timeouts are over. */
  isForgetful = false;

  constructor(name: string, ...bodies: readonly (string | object)[]) {
    this.name = name;
    for (const body of bodies) this.send(body);
  }

  send(body: string | object, attributes: Readonly<Record<string, string>> = {}): void {
    const id = `m${this.messages.size + 1}`;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.messages.set(id, { id, body: text, attributes });
  }

  async receive(): Promise<Received | undefined> {
    if (this.isForgetful) this.hidden.clear();
    const message = [...this.messages.values()].find(({ id }) => !this.hidden.has(id));
    if (!message) return undefined;
    this.hidden.add(message.id);
    return { ...message, receipt: `${message.id} ${++this.receipts}` };
  }

  async delete({ id }: Received): Promise<void> {
    this.beforeDelete();
    this.messages.delete(id);
    this.hidden.delete(id);
  }

  async release({ id }: Received): Promise<void> {
    this.hidden.delete(id);
  }

  ids(): string[] {
    return [...this.messages.keys()];
  }
}
