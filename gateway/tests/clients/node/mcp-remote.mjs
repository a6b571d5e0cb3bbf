// mcp-remote, unmodified, as a desktop program runs it: a command that speaks MCP on its standard input and output.
//
//   node mcp-remote.mjs login --mcp URL --store DIR --username U --password P
//   node mcp-remote.mjs use   --mcp URL --store DIR [--processes N]
//
// `login` starts it without tokens: it prints where the person has to go, a real browser goes there, and the tools
// can be called. `use` starts it again, N times at once, on the same files and without a browser.
//
//   --mcp URL          the MCP endpoint
//   --store DIR        where it keeps its registration and its tokens
//   --username, --password
//   --processes N      use: how many at once, which share the files (1)
//   --device-code      by the device grant (RFC 8628): the person enters a code, and nothing listens
//   --client-id, --client-secret   by client credentials, in its own name: no person at all
//   --timeout SECONDS  for all of it (60)
//
// Prints {mode, runs: [{tools: [name], whoami, visits, client_id}], refresh_token_changed, client_id, scope}, login also
// {walk: as walk.mjs}. A run of `use` that wants a person is a failure.
// Exit codes: 0 done, 1 failed, 2 usage.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

import { cli, readJson, required, step, UsageError } from './common.mjs';
import { letIn, walk } from './driver.mjs';

const options = {
  mcp: { type: 'string' },
  store: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  processes: { type: 'string', default: '1' },
  'device-code': { type: 'boolean', default: false },
  'client-id': { type: 'string' },
  'client-secret': { type: 'string' },
};

const PROGRAM = fileURLToPath(new URL('node_modules/mcp-remote/dist/proxy.js', import.meta.url));

const mode = process.argv[2];
if (mode === 'login' || mode === 'use') process.argv.splice(2, 1);

/** What tells it how to sign in. */
function how(flags) {
  if (flags['device-code']) return ['--device-code'];
  if (!flags['client-id']) return [];
  const client = { client_id: flags['client-id'], client_secret: flags['client-secret'] };
  return ['--client-credentials', '--static-oauth-client-info', JSON.stringify(client)];
}

/** One process, from its start to an answer of a tool. `visit` is told what it says about where the person has to go. */
async function run(flags, visit) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [PROGRAM, flags.mcp, '--transport', 'http-only', ...how(flags)],
    // What it opens as the browser does nothing; the person here goes by what it prints.
    env: { ...process.env, MCP_REMOTE_CONFIG_DIR: flags.store, BROWSER: 'true' },
    stderr: 'pipe',
  });
  let said = '';
  let visits = 0;
  transport.stderr.on('data', (bytes) => {
    said += bytes;
    const asked = said.match(/(?:by visiting:\s+(?<url>\S+)\s)|(?:, visit:\s+(?:\[\d+\]\s+)?(?<page>http\S+)[^]*?Waiting for approval)/);
    if (!asked || visits > 0) return;
    visits += 1;
    visit({ ...asked.groups, said });
  });
  const client = new Client({ name: 'doorward-test', version: '1.0.0' });
  try {
    await client.connect(transport, { timeout: flags.timeoutMs });
    const { tools } = await client.listTools();
    const answer = await client.callTool({ name: 'whoami', arguments: {} });
    return { tools: tools.map(({ name }) => name), whoami: JSON.parse(answer.content[0].text), visits };
  } catch (error) {
    throw new Error(`it said: ${said.slice(-1500)}`, { cause: error });
  } finally {
    await client.close();
  }
}

async function login(flags) {
  required(flags, 'mcp', 'store');
  step('connecting for the first time');
  let walked;
  const first = await run(flags, ({ url, page, said }) => {
    const { username, password, timeoutMs } = flags;
    const code = said.match(/enter the code:\s+(\S+)/)?.[1] ?? new URL(page ?? url).searchParams.get('user_code');
    walked = page ? letIn(page, code, { username, password, timeoutMs }) : walk(url, { username, password, timeoutMs });
    walked.catch((error) => process.stderr.write(`mcp-remote.mjs: the walk: ${error.message}\n`, () => process.exit(1)));
  });
  if (!walked && !flags['client-id']) throw new Error('it was let in without any authorization');
  return { runs: [first], ...kept(flags), walk: await walked };
}

async function use(flags) {
  required(flags, 'mcp', 'store');
  const before = kept(flags);
  const refuse = ({ url, page }) => {
    throw new Error(`it wants a person at ${url ?? page}`);
  };
  step('connecting with the stored tokens');
  const runs = await Promise.all(Array.from({ length: Number(flags.processes) }, () => run(flags, refuse)));
  const after = kept(flags);
  return { runs, ...after, refresh_token_changed: after.secret() !== before.secret() };
}

/** What it keeps in its files. */
function kept({ store }) {
  const folder = readdirSync(store).find((name) => existsSync(join(store, name)) && name.startsWith('mcp-remote'));
  const read = (ending) => {
    const name = readdirSync(join(store, folder)).find((file) => file.endsWith(ending));
    return name && readJson(join(store, folder, name));
  };
  const tokens = read('_tokens.json');
  // A client that was given to it is not kept.
  return { client_id: read('_client_info.json')?.client_id, scope: tokens.scope, secret: () => tokens.refresh_token };
}

await cli(import.meta.url, options, async (flags) => {
  const action = { login, use }[mode];
  if (!action) throw new UsageError('the first argument is login or use');
  return { mode, ...(await action(flags)) };
});
