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
//   --metadata-url URL login: its client metadata document
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
import { walk } from './driver.mjs';

const options = {
  mcp: { type: 'string' },
  store: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  processes: { type: 'string', default: '1' },
  'metadata-url': { type: 'string' },
};

const PROGRAM = fileURLToPath(new URL('node_modules/mcp-remote/dist/proxy.js', import.meta.url));

const mode = process.argv[2];
if (mode === 'login' || mode === 'use') process.argv.splice(2, 1);

/** One process, from its start to an answer of a tool. `visit` is told where it sends the person. */
async function run(flags, visit) {
  const more = flags['metadata-url'] ? ['--client-metadata-url', flags['metadata-url']] : [];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [PROGRAM, flags.mcp, '--transport', 'http-only', ...more],
    // What it opens as the browser does nothing; the person here goes by what it prints.
    env: { ...process.env, MCP_REMOTE_CONFIG_DIR: flags.store, BROWSER: 'true' },
    stderr: 'pipe',
  });
  let said = '';
  let visits = 0;
  transport.stderr.on('data', (bytes) => {
    said += bytes;
    const url = said.match(/by visiting:\s+(\S+)\s/)?.[1];
    if (!url || visits > 0) return;
    visits += 1;
    visit(url);
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
  required(flags, 'mcp', 'store', 'username', 'password');
  step('connecting for the first time');
  let walked;
  const first = await run(flags, (url) => {
    const { username, password, timeoutMs } = flags;
    walked = walk(url, { username, password, timeoutMs });
    walked.catch((error) => process.stderr.write(`mcp-remote.mjs: the walk: ${error.message}\n`, () => process.exit(1)));
  });
  if (!walked) throw new Error('it was let in without any authorization');
  return { runs: [first], ...kept(flags), walk: await walked };
}

async function use(flags) {
  required(flags, 'mcp', 'store');
  const before = kept(flags);
  const refuse = (url) => {
    throw new Error(`it wants a person at ${url}`);
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
    return readJson(join(store, folder, name));
  };
  const tokens = read('_tokens.json');
  return { client_id: read('_client_info.json').client_id, scope: tokens.scope, secret: () => tokens.refresh_token };
}

await cli(import.meta.url, options, async (flags) => {
  const action = { login, use }[mode];
  if (!action) throw new UsageError('the first argument is login or use');
  return { mode, ...(await action(flags)) };
});
