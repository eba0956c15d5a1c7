/** HTTP → the pages for people, and their way in and out. One table from route to page; each page is a file's function. */
import { answering, type HttpEvent, type HttpResult, header } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { alertPage, alertsPage, answerAlert } from './alert-pages.ts';
import { approvalPage, decideForm } from './approval-page.ts';
import { modelPage } from './model-page.ts';
import { modelsPage } from './models-page.ts';
import { messagePage } from './page.ts';
import { reportPage } from './report-page.ts';
import { retrainPage, startRun } from './retrain-page.ts';
import { runPage } from './run-page.ts';
import { createSignIn } from './sign-in.ts';
import { pauseForm, pausePage, resumeForm, resumePage, rollbackForm, rollbackPage } from './switch-pages.ts';

type Operation = (deps: Deps, event: HttpEvent) => Promise<HttpResult>;

const pages: Readonly<Record<string, Operation>> = {
  'GET /console': modelsPage,
  'GET /console/models/{model}': modelPage,
  'GET /console/models/{model}/reports/{id}': reportPage,
  'GET /console/models/{model}/runs/{id}': runPage,
  'GET /console/models/{model}/retrain': retrainPage,
  'GET /console/models/{model}/pause': pausePage,
  'GET /console/models/{model}/resume': resumePage,
  'GET /console/models/{model}/rollback': rollbackPage,
  'GET /console/approvals/{id}': approvalPage,
  'GET /console/alerts': alertsPage,
  'GET /console/alerts/{id}': alertPage,
};

/** What their forms send; each asks who it is, and whether the form is ours. */
const forms: Readonly<Record<string, Operation>> = {
  'POST /console/models/{model}/retrain': startRun,
  'POST /console/models/{model}/pause': pauseForm,
  'POST /console/models/{model}/resume': resumeForm,
  'POST /console/models/{model}/rollback': rollbackForm,
  'POST /console/approvals/{id}': decideForm,
  'POST /console/alerts/{id}': answerAlert,
};

export function createConsoleHandler(deps: Deps): (event: HttpEvent) => Promise<HttpResult> {
  const signIn = createSignIn(deps);
  const operations: Readonly<Record<string, Operation>> = {
    ...pages,
    ...forms,
    'GET /console/login': (_, event) => signIn.login(event),
    'GET /console/callback': (_, event) => signIn.callback(event),
    'POST /console/logout': (_, event) => signIn.logout(event),
  };
  return (event) => {
    const operation = operations[`${event.httpMethod} ${event.resource}`];
    if (!operation)
      throw new Error(`the console function has no operation for ${event.httpMethod} ${event.resource}`);
    return answering(() => readably(event, () => operation(deps, event)));
  };
}

/** A refusal as a page where a person reads it; as a problem for everybody else. */
async function readably(event: HttpEvent, run: () => Promise<HttpResult>): Promise<HttpResult> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ProblemError) || !/\btext\/html\b/.test(header(event, 'accept') ?? ''))
      throw error;
    return messagePage(event, error.status, error.message, error.headers);
  }
}
