// Takes one authorization request through a real browser: signs in if asked, presses Allow or Deny,
// and waits until the answer reaches the redirect URI (whether somebody listens there or not).
//
//   node walk.mjs --url AUTHORIZE_URL [--username U --password P] [--decision allow|deny|none]
//
//   --decision D       allow (default), deny, or none: stop at the consent page
//   --redirect-uri R   where the answer goes, if the URL has no redirect_uri (a pushed request)
//   --expect-stop      a page that is neither login nor consent (an error, a refusal) is the result
//   --no-javascript    the browser runs no script
//   --screenshots DIR  saves a picture of every page
//   --timeout SECONDS  for all of it (60)
//
// Prints {url, signed_in, consent: {url, heading, facts, warning, buttons} | null, pages: [{kind, status,
// url, heading}], stopped_at?: {status, url, title, heading, alert, decision_id, text}, listened,
// post_data, hops: [{tab, method, status, url, location?, sets_cookies?}], problems: {page_errors,
// csp_violations, foreign_requests, failed_requests}}. `url` is the answer at the redirect URI, or null
// where the walk stopped before. Any page error, violation of a content security policy or request to a
// foreign host is a failure. Exit codes: 0 done, 1 failed, 2 usage.

import { cli, required, UsageError } from './common.mjs';
import { walk } from './driver.mjs';

const options = {
  url: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  decision: { type: 'string', default: 'allow' },
  'redirect-uri': { type: 'string' },
  'expect-stop': { type: 'boolean', default: false },
  'no-javascript': { type: 'boolean', default: false },
  screenshots: { type: 'string' },
};

await cli(import.meta.url, options, async (flags) => {
  required(flags, 'url');
  if (!['allow', 'deny', 'none'].includes(flags.decision)) {
    throw new UsageError('--decision is allow, deny or none');
  }
  return walk(flags.url, {
    username: flags.username,
    password: flags.password,
    decision: flags.decision,
    redirectUri: flags['redirect-uri'],
    expectStop: flags['expect-stop'],
    javaScript: !flags['no-javascript'],
    screenshots: flags.screenshots,
    timeoutMs: flags.timeoutMs,
  });
});
