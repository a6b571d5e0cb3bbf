// What every script here shares: flags, the overall timeout, one line of JSON as the result.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** A mistake in the command line: exit code 2. */
export class UsageError extends Error {}

/** The run cannot go on without a person in a browser: exit code 3. */
export class LoginNeeded extends Error {}

let current = 'starting';

/** Names what the script does now; a failure or a timeout says it. */
export function step(what) {
  current = what;
}

/**
 * Runs `main(flags)`, prints what it returns as one line of JSON, and ends the process.
 *
 * `options` are those of `parseArgs`, to which `--timeout SECONDS` and `--help` are added.
 */
export async function cli(importMetaUrl, options, main) {
  const file = fileURLToPath(importMetaUrl);
  const script = basename(file);
  const fail = (code, message) => {
    process.stderr.write(`${script}: ${message}\n`, () => process.exit(code));
  };
  let flags;
  try {
    flags = parseArgs({
      options: { ...options, timeout: { type: 'string', default: '60' }, help: { type: 'boolean' } },
      allowPositionals: false,
    }).values;
  } catch (error) {
    return fail(2, error.message);
  }
  if (flags.help) {
    process.stdout.write(header(file), () => process.exit(0));
    return;
  }
  const seconds = Number(flags.timeout);
  if (!(seconds > 0)) return fail(2, '--timeout takes a number of seconds');
  // The browser ends with this process: playwright sees to it on exit and on these signals.
  setTimeout(() => fail(1, `timed out after ${seconds} s while ${current}`), seconds * 1000);
  try {
    const result = await main({ ...flags, timeoutMs: seconds * 1000 });
    process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
  } catch (error) {
    if (error instanceof UsageError) return fail(2, `${error.message} (see --help)`);
    const message = `failed while ${current}: ${explain(error)}`;
    if (!(error instanceof LoginNeeded)) return fail(1, message);
    const result = { login_needed: true, ...error.result };
    process.stdout.write(`${JSON.stringify(result)}\n`, () => fail(3, message));
  }
}

/** Throws unless all flags named are given. */
export function required(flags, ...names) {
  const missing = names.filter((name) => flags[name] === undefined);
  if (missing.length > 0) {
    throw new UsageError(`missing ${missing.map((name) => `--${name}`).join(', ')}`);
  }
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A port that nobody listens at. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The message of an error and of its causes, and what it brought along about the page and the requests before. */
function explain(error) {
  const lines = [];
  for (let at = error, depth = 0; at && depth < 5; at = at.cause, depth += 1) {
    lines.push(at instanceof Error ? `${at.name}: ${at.message}` : shown(at));
  }
  let text = lines.join('\n  caused by ');
  if (error?.page) text += `\n  page: ${JSON.stringify(error.page)}`;
  if (error?.requests) text += `\n  last requests: ${JSON.stringify(error.requests)}`;
  if (process.env.DEBUG && error?.stack) text += `\n${error.stack}`;
  // Playwright colours its messages.
  return text.replace(/\u001b\[\d+m/g, '');
}

function shown(value) {
  if (value instanceof Response) return `HTTP ${value.status} from ${value.url}`;
  try {
    return JSON.stringify(value);
  } catch {
    return String(value);
  }
}

/** The comment at the top of a script. */
function header(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const from = lines.findIndex((line) => line.startsWith('//'));
  const length = lines.slice(from).findIndex((line) => !line.startsWith('//'));
  const comment = lines.slice(from, from + length);
  return comment.map((line) => `${line.replace(/^\/\/ ?/, '')}\n`).join('');
}
