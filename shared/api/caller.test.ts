import { describe, expect, test } from 'vitest';
import { callerOf } from './caller.ts';
import type { HttpEvent, RequestContext } from './http.ts';

const caller = (requestContext?: RequestContext) =>
  callerOf({ ...(requestContext && { requestContext }) } as HttpEvent);

describe('the caller', () => {
  test('of a signed request is its ARN, the name of the session in it', () => {
    const userArn = 'arn:aws:sts::111122223333:assumed-role/Operators/ann';
    expect(caller({ identity: { userArn } })).toEqual({ name: userArn, role: 'operator' });
  });

  test('who signed in is the verified address with the subject, which nobody else ever gets', () => {
    const authorizer = { subject: '42', email: 'ann@example.com', role: 'viewer', session: 's' };
    expect(caller({ authorizer })).toEqual({ name: 'ann@example.com (42)', role: 'viewer', session: 's' });
    const { email: _, ...nameless } = authorizer;
    expect(caller({ authorizer: nameless })?.name).toBe('42');
  });

  test('may look only, unless the authorizer says operator', () => {
    for (const role of [undefined, 'admin', 'Operator', true])
      expect(caller({ authorizer: { subject: '42', session: 's', role } })?.role).toBe('viewer');
    expect(caller({ authorizer: { subject: '42', session: 's', role: 'operator' } })?.role).toBe('operator');
  });

  test('is nobody where nothing authenticates, or a context is not of our authorizer', () => {
    expect(caller()).toBeUndefined();
    expect(caller({ identity: { userArn: null }, authorizer: null })).toBeUndefined();
    expect(caller({ identity: { userArn: '' }, authorizer: { principalId: 'user' } })).toBeUndefined();
  });
});
