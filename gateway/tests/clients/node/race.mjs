// Processes that share one refresh token present it at the same instant, and all have to go on.
//
//   node race.mjs --store FILE
//
// FILE was written by `mcp-ts.mjs login` or `mcp_client.py login`. Every process works on a copy of it in
// which the access token is unusable, so that it has to refresh; right before the refresh all wait for each
// other.
//
//   --store FILE       the store; afterwards it holds what the first process ended with
//   --client C         mcp-ts (default) or python: who runs `use`
//   --processes N      how many (2)
//   --rounds N         how often, each time with the tokens of the round before (1)
//   --mcp URL          the MCP endpoint (the one in the store)
//   --python FILE      the interpreter (../python/.venv/bin/python)
//   --timeout SECONDS  for all of it (60)
//
// Prints {client, rounds: [{ended_within_ms, refresh_tokens_equal, access_tokens_equal, refresh_token_changed,
// results: [what `use` printed]}], refresh_tokens_equal}. A process that fails, or refresh tokens that differ,
// are a failure.
// Exit codes: 0 done, 1 failed, 2 usage.

import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cli, readJson, required, sleep, step, UsageError } from './common.mjs';

const options = {
  store: { type: 'string' },
  client: { type: 'string', default: 'mcp-ts' },
  processes: { type: 'string', default: '2' },
  rounds: { type: 'string', default: '1' },
  mcp: { type: 'string' },
  python: { type: 'string', default: here('../python/.venv/bin/python') },
};

async function race(flags, [program, script], path, children) {
  const store = readJson(flags.store);
  if (!store.tokens?.refresh_token) throw new Error('the store has no refresh token');
  const count = Number(flags.processes);
  const copies = Array.from({ length: count }, (_, index) => `${path}.${index}.json`);
  const tokens = { ...store.tokens, access_token: 'an-access-token-that-is-no-good' };
  for (const copy of copies) {
    // Whoever goes by the clock has to refresh, too.
    writeFileSync(copy, JSON.stringify({ ...store, tokens, saved_at: 0 }), { mode: 0o600 });
  }
  step('starting the processes');
  const barrier = `${path}.barrier`;
  const more = flags.mcp ? ['--mcp', flags.mcp] : [];
  const ended = new AbortController();
  const running = copies.map(async (copy) => {
    const args = [script, 'use', '--store', copy, '--barrier', barrier, '--timeout', flags.timeout, ...more];
    const result = await run(program, args, children);
    return { at: Date.now(), result };
  });
  const all = Promise.all(running);
  all.catch((error) => ended.abort(error));
  step('waiting until all processes are about to refresh');
  while (ready(path, barrier) < count) {
    ended.signal.throwIfAborted();
    await sleep(5);
  }
  const at = Date.now() + 100;
  writeFileSync(`${barrier}.tmp`, JSON.stringify({ at }));
  renameSync(`${barrier}.tmp`, `${barrier}.go`);
  step('waiting for the processes to go on');
  const outcomes = await all;
  const after = copies.map((copy) => readJson(copy).tokens ?? {});
  const equal = (member) => after.every((one) => one[member] !== undefined && one[member] === after[0][member]);
  const times = outcomes.map((outcome) => outcome.at);
  const result = {
    ended_within_ms: Math.max(...times) - Math.min(...times),
    refresh_tokens_equal: equal('refresh_token'),
    access_tokens_equal: equal('access_token'),
    refresh_token_changed: after[0].refresh_token !== store.tokens.refresh_token,
    results: outcomes.map((outcome) => outcome.result),
  };
  if (!result.refresh_tokens_equal) {
    throw new Error(`the processes got different refresh tokens: ${JSON.stringify(result)}`);
  }
  copyFileSync(copies[0], flags.store);
  return result;
}

function ready(path, barrier) {
  const folder = join(path, '..');
  return readdirSync(folder).filter((name) => name.startsWith(`${basename(barrier)}.ready.`)).length;
}

function run(program, args, children) {
  if (!existsSync(program)) throw new Error(`no ${program}`);
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`a process failed (exit code ${error.code}): ${stderr.trim()}`));
      else resolve(JSON.parse(stdout));
    });
    children.push(child);
  });
}

function here(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}

await cli(import.meta.url, options, async (flags) => {
  required(flags, 'store');
  const clients = {
    'mcp-ts': [process.execPath, here('mcp-ts.mjs')],
    python: [flags.python, here('../python/mcp_client.py')],
  };
  const client = clients[flags.client];
  if (!client) throw new UsageError('--client is mcp-ts or python');
  const folder = mkdtempSync(join(tmpdir(), 'doorward-race-'));
  const children = [];
  process.on('exit', () => {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  const rounds = [];
  for (let round = 1; round <= Number(flags.rounds); round += 1) {
    rounds.push(await race(flags, client, join(folder, String(round)), children));
  }
  return { client: flags.client, rounds, refresh_tokens_equal: true };
});
