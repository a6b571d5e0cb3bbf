// An MCP client made of the official TypeScript SDK, unmodified: @modelcontextprotocol/client, or the first
// generation, @modelcontextprotocol/sdk.
//
//   node mcp-ts.mjs login --mcp URL --store FILE --username U --password P
//   node mcp-ts.mjs use   --mcp URL --store FILE
//
// `login` discovers, registers, authorizes in a real browser, lists the tools and calls one. `use` goes on
// from the store in a new process without a browser: an expired access token has to be refreshed.
//
//   --mcp URL            the MCP endpoint (use: the one in the store)
//   --sdk N              the generation of the SDK: 2 (default) or 1
//   --store FILE         JSON file of the client's registration and tokens; login starts it anew
//   --username, --password
//   --decision D         login: allow (default) or deny; deny has to end in the SDK's access_denied
//   --keep-client        login: go on with the registration in the store
//   --keep-tokens        login: go on with the tokens, too; the app now wants more than they allow (step-up)
//   --scope S            login: the scope that the client asks for if the server names none
//   --redirect-host H    login: 127.0.0.1 (default) or localhost
//   --metadata-url URL   login: the client's metadata document, which is then its client id
//   --negotiation N      legacy (the SDK's default: initialize) or auto (server/discover first)
//   --tool NAME          the tool to call (whoami), with --arguments JSON ({})
//   --calls N            how often (1), with --pause SECONDS in between (0)
//   --barrier PATH       use: before the refresh, makes PATH.ready.PID and waits for PATH.go (see race.mjs)
//   --no-javascript, --screenshots DIR, --timeout SECONDS (60)
//
// Prints {mode, tools: [name], tool, result, whoami (result, if the tool is whoami), protocol_version, era,
// server, client_id, scope, token_type, token_expires_in, has_refresh_token, refreshes, refresh_token_changed,
// access_token_changed, requests: [{method, url, status, grant_type?, authorization?, mcp_method?,
// www_authenticate?, error?}]}, login also {authorization: {url, params}, callback: {params}, walk: as walk.mjs};
// denied: {mode, denied: true, error, callback, walk, requests}. `use` that cannot go on without a person
// prints {login_needed: true, refreshes, requests} and exits with 3.
// Exit codes: 0 done, 1 failed, 2 usage, 3 login needed.

import { closeSync, existsSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { cli, LoginNeeded, readJson, required, sleep, step, UsageError } from './common.mjs';
import { walk } from './driver.mjs';

const options = {
  sdk: { type: 'string', default: '2' },
  mcp: { type: 'string' },
  store: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  decision: { type: 'string', default: 'allow' },
  'keep-client': { type: 'boolean', default: false },
  'keep-tokens': { type: 'boolean', default: false },
  scope: { type: 'string' },
  'redirect-host': { type: 'string', default: '127.0.0.1' },
  'metadata-url': { type: 'string' },
  negotiation: { type: 'string', default: 'legacy' },
  tool: { type: 'string', default: 'whoami' },
  arguments: { type: 'string', default: '{}' },
  calls: { type: 'string', default: '1' },
  pause: { type: 'string', default: '0' },
  barrier: { type: 'string' },
  'no-javascript': { type: 'boolean', default: false },
  screenshots: { type: 'string' },
};

const mode = process.argv[2];
if (mode === 'login' || mode === 'use') process.argv.splice(2, 1);

/** The parts of the SDK that are used here. */
async function load(generation) {
  if (generation === '2') return import('@modelcontextprotocol/client');
  if (generation !== '1') throw new UsageError('--sdk is 1 or 2');
  const parts = ['index', 'streamableHttp', 'auth'];
  const modules = parts.map((part) => import(`@modelcontextprotocol/sdk/client/${part}.js`));
  return Object.assign({}, ...(await Promise.all(modules)));
}

/** What the SDK has a host application provide: here a JSON file. */
class Provider {
  constructor(file, store, redirect) {
    this.file = file;
    this.store = store;
    this.redirect = redirect;
  }

  get redirectUrl() {
    return this.store.redirect_uri;
  }

  get clientMetadataUrl() {
    return this.store.metadata_url;
  }

  get clientMetadata() {
    return {
      client_name: 'Doorward test (TypeScript SDK)',
      redirect_uris: [this.store.redirect_uri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      ...(this.store.wanted_scope ? { scope: this.store.wanted_scope } : {}),
    };
  }

  state() {
    this.sentState = crypto.randomUUID();
    return this.sentState;
  }

  clientInformation() {
    return this.store.client;
  }

  saveClientInformation(client) {
    this.#save({ client });
  }

  tokens() {
    return this.store.tokens;
  }

  saveTokens(tokens) {
    this.#save({ tokens, saved_at: Date.now() / 1000 });
  }

  redirectToAuthorization(url) {
    return this.redirect(url);
  }

  saveCodeVerifier(verifier) {
    this.#save({ verifier });
  }

  codeVerifier() {
    return this.store.verifier;
  }

  saveDiscoveryState(discovery) {
    this.#save({ discovery });
  }

  discoveryState() {
    return this.store.discovery;
  }

  invalidateCredentials(what) {
    const gone = { client: what === 'client' || what === 'all', tokens: what === 'tokens' || what === 'all' };
    if (gone.client) delete this.store.client;
    if (gone.tokens) delete this.store.tokens;
    if (what === 'verifier' || what === 'all') delete this.store.verifier;
    if (what === 'discovery' || what === 'all') delete this.store.discovery;
    this.#save({});
  }

  #save(change) {
    Object.assign(this.store, change);
    // Another process may read the file at any moment.
    const temporary = `${this.file}.${process.pid}.tmp`;
    writeFileSync(temporary, JSON.stringify(this.store, null, 2), { mode: 0o600 });
    renameSync(temporary, this.file);
  }
}

async function login(flags, wire) {
  required(flags, 'mcp', 'store', 'username', 'password');
  const callback = await listen(flags['redirect-host']);
  const kept = flags['keep-tokens'] ? readJson(flags.store) : {};
  if (flags['keep-client'] && existsSync(flags.store)) kept.client = readJson(flags.store).client;
  const store = {
    ...kept,
    mcp: flags.mcp,
    redirect_uri: callback.url,
    ...(flags.scope ? { wanted_scope: flags.scope } : {}),
    ...(flags['metadata-url'] ? { metadata_url: flags['metadata-url'] } : {}),
  };
  let authorization;
  const provider = new Provider(flags.store, store, (url) => {
    authorization = url;
  });
  const session = new Session(await load(flags.sdk), flags, provider, wire);
  try {
    step('connecting for the first time');
    await session.connect();
    throw new Error('the server let the client in without any authorization');
  } catch (error) {
    if (!(error instanceof session.sdk.UnauthorizedError) || !authorization) throw error;
  }
  const walked = await walk(authorization.href, {
    username: flags.username,
    password: flags.password,
    decision: flags.decision,
    javaScript: !flags['no-javascript'],
    screenshots: flags.screenshots,
    timeoutMs: flags.timeoutMs,
  });
  const answer = await callback.answer;
  callback.close();
  if (answer.get('state') !== provider.sentState) throw new Error('the answer has another state');
  const seen = {
    authorization: { url: authorization.href, params: Object.fromEntries(authorization.searchParams) },
    callback: { params: Object.fromEntries(answer) },
    walk: walked,
  };
  step('redeeming the code');
  try {
    // The first generation leaves all but the code to the host application.
    await session.transport.finishAuth(flags.sdk === '1' ? answer.get('code') : answer);
  } catch (error) {
    if (flags.decision !== 'deny' || error.code !== 'access_denied') throw error;
    return { mode, denied: true, error: error.code, ...seen, requests: wire.requests };
  }
  if (flags.decision === 'deny') throw new Error('denied, and yet there is a code');
  const before = { ...provider.store.tokens };
  step('connecting with the new tokens');
  await session.connect();
  return { ...(await work(flags, session, before)), ...seen };
}

async function use(flags, wire) {
  required(flags, 'store');
  const store = readJson(flags.store);
  flags.mcp ??= store.mcp;
  const before = { ...store.tokens };
  const provider = new Provider(flags.store, store, () => {
    throw new LoginNeeded('the SDK wants a new login');
  });
  const session = new Session(await load(flags.sdk), flags, provider, wire);
  try {
    step('connecting with the stored tokens');
    await session.connect();
    return await work(flags, session, before);
  } catch (error) {
    // The SDK may wrap what the provider threw.
    for (let at = error; at; at = at.cause) {
      if (!(at instanceof LoginNeeded)) continue;
      at.result = { mode, refreshes: wire.refreshes, requests: wire.requests };
      throw at;
    }
    throw error;
  }
}

/** Lists the tools and calls one; reports what came of it. */
async function work(flags, session, before) {
  const { client, provider, wire } = session;
  step('listing the tools');
  const { tools } = await client.listTools();
  let result;
  for (let call = 0; call < Number(flags.calls); call += 1) {
    if (call > 0) await sleep(Number(flags.pause) * 1000);
    step(`calling ${flags.tool}`);
    const answer = await client.callTool({ name: flags.tool, arguments: JSON.parse(flags.arguments) });
    result = content(answer);
    if (answer.isError) throw new Error(`${flags.tool} failed: ${JSON.stringify(result)}`);
  }
  const { tokens } = provider.store;
  const report = {
    mode,
    tools: tools.map(({ name }) => name),
    tool: flags.tool,
    result,
    ...(flags.tool === 'whoami' ? { whoami: result } : {}),
    protocol_version: client.getNegotiatedProtocolVersion?.() ?? session.transport.protocolVersion ?? null,
    era: client.getProtocolEra?.() ?? null,
    server: client.getServerVersion() ?? null,
    client_id: provider.store.client?.client_id ?? null,
    scope: tokens.scope ?? null,
    token_type: tokens.token_type,
    token_expires_in: tokens.expires_in ?? null,
    has_refresh_token: tokens.refresh_token !== undefined,
    refreshes: wire.refreshes,
    refresh_token_changed: tokens.refresh_token !== before.refresh_token,
    access_token_changed: tokens.access_token !== before.access_token,
    requests: wire.requests,
  };
  step('disconnecting');
  await client.close();
  return report;
}

/** What a tool answered: its structured content, else its text, as JSON if it is some. */
function content(answer) {
  if (answer.structuredContent) return answer.structuredContent;
  const text = answer.content?.find(({ type }) => type === 'text')?.text ?? '';
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A client and its transport, made anew for every connection, as the SDK wants it. */
class Session {
  constructor(sdk, flags, provider, wire) {
    this.sdk = sdk;
    this.flags = flags;
    this.provider = provider;
    this.wire = wire;
  }

  async connect() {
    const { mcp, negotiation } = this.flags;
    this.client = new this.sdk.Client(
      { name: 'doorward-test', version: '1.0.0' },
      negotiation === 'legacy' ? {} : { versionNegotiation: { mode: negotiation } },
    );
    this.transport = new this.sdk.StreamableHTTPClientTransport(new URL(mcp), {
      authProvider: this.provider,
      fetch: this.wire.fetch,
    });
    await this.client.connect(this.transport);
  }
}

/** Sees every request of the SDK, and holds the refresh at the barrier. */
class Wire {
  requests = [];
  refreshes = 0;

  constructor(barrier) {
    this.barrier = barrier;
    this.fetch = this.fetch.bind(this);
  }

  async fetch(input, init = {}) {
    const headers = new Headers(init.headers);
    const body = init.body instanceof URLSearchParams ? init.body : new URLSearchParams();
    const grantType = body.get('grant_type');
    const seen = { method: init.method ?? 'GET', url: String(input) };
    if (grantType) seen.grant_type = grantType;
    if (headers.has('authorization')) seen.authorization = headers.get('authorization').split(' ')[0];
    if (typeof init.body === 'string' && init.body.includes('"jsonrpc"')) {
      seen.mcp_method = JSON.parse(init.body).method;
    }
    if (grantType === 'refresh_token') {
      this.refreshes += 1;
      if (this.barrier) await passBarrier(this.barrier);
    }
    this.requests.push(seen);
    const response = await fetch(input, init);
    seen.status = response.status;
    const challenge = response.headers.get('www-authenticate');
    if (challenge) seen.www_authenticate = challenge;
    if (response.status >= 400 && response.headers.get('content-type')?.includes('json')) {
      seen.error = await response
        .clone()
        .json()
        .catch(() => undefined);
    }
    return response;
  }
}

let passed = false;

/** Waits until everybody who shares the barrier is here; once per process. */
async function passBarrier(path) {
  if (passed) return;
  passed = true;
  step('waiting at the barrier');
  closeSync(openSync(`${path}.ready.${process.pid}`, 'w'));
  while (!existsSync(`${path}.go`)) await sleep(2);
  // The file says when, so that the moment does not depend on who looks first.
  while (Date.now() < readJson(`${path}.go`).at) await sleep(0);
}

/** A callback listener on a port of the system's choice. */
async function listen(host) {
  let resolve;
  const answer = new Promise((settle) => {
    resolve = settle;
  });
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    if (url.pathname !== '/callback') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html', connection: 'close' });
    response.end('<!doctype html><title>Done</title><h1>You can close this window</h1>');
    resolve(url.searchParams);
  });
  await new Promise((started) => server.listen(0, '127.0.0.1', started));
  return {
    url: `http://${host}:${server.address().port}/callback`,
    answer,
    close: () => server.close(),
  };
}

await cli(import.meta.url, options, async (flags) => {
  const run = { login, use }[mode];
  if (!run) throw new UsageError('the first argument is login or use');
  const wire = new Wire(flags.barrier);
  try {
    return await run(flags, wire);
  } catch (error) {
    error.requests ??= wire.requests.slice(-3);
    throw error;
  }
});
