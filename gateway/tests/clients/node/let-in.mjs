// A person with the code of a device (RFC 8628): signs in if asked, enters it, presses Allow.
//
//   node let-in.mjs --url VERIFICATION_URI --code CODE --username U --password P
//
//   --timeout SECONDS  for all of it (60)
//
// Prints {consent: {url, heading, facts, warning, buttons}, heading: of the last page}.
// Exit codes: 0 done, 1 failed, 2 usage.

import { cli, required } from './common.mjs';
import { letIn } from './driver.mjs';

const options = Object.fromEntries(['url', 'code', 'username', 'password'].map((name) => [name, { type: 'string' }]));

await cli(import.meta.url, options, async (flags) => {
  required(flags, ...Object.keys(options));
  const { username, password, timeoutMs } = flags;
  return letIn(flags.url, flags.code, { username, password, timeoutMs });
});
