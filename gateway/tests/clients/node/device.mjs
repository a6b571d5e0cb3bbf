// A device without a browser (oauth4webapi, unmodified): it registers for the device grant, asks, waits, and calls the
// app, while a person lets it in with a real browser elsewhere.
//
//   node device.mjs --app URL --username U --password P
//
//   --app URL          the resource, for example http://127.0.0.1:8080/
//   --username, --password
//   --decision D       allow (default) or deny
//   --width N          of the browser's window in pixels (1000)
//   --dark             the person likes dark pages
//   --no-javascript    the browser runs no script
//   --screenshots DIR  saves a picture of every page
//   --timeout SECONDS  for all of it (60)
//
// Prints {client: {grant_types}, asked: {user_code, verification_uri, verification_uri_complete, expires_in, interval},
// errors: [what the token endpoint answered before it gave tokens], walk: as letDeviceIn of driver.mjs, token?:
// {token_type, scope, has_refresh_token}, first_call?: {status}, refreshed?: {status}}. Secrets are left out.
// Exit codes: 0 done, 1 failed, 2 usage.

import * as oauth from 'oauth4webapi';

import { cli, required, sleep, step } from './common.mjs';
import { letDeviceIn } from './driver.mjs';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const options = {
  app: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  decision: { type: 'string', default: 'allow' },
  width: { type: 'string', default: '1000' },
  dark: { type: 'boolean', default: false },
  'no-javascript': { type: 'boolean', default: false },
  screenshots: { type: 'string' },
};

const http = { [oauth.allowInsecureRequests]: true };

async function discover(app) {
  const resource = await oauth.processResourceDiscoveryResponse(app, await oauth.resourceDiscoveryRequest(app, http));
  const issuer = new URL(resource.authorization_servers[0]);
  const response = await oauth.discoveryRequest(issuer, { ...http, algorithm: 'oauth2' });
  return { resource, server: await oauth.processDiscoveryResponse(issuer, response) };
}

async function register(server) {
  const metadata = {
    client_name: 'Doorward test (headless)',
    redirect_uris: [],
    grant_types: [GRANT, 'refresh_token'],
    response_types: [],
    token_endpoint_auth_method: 'none',
  };
  const response = await oauth.dynamicClientRegistrationRequest(server, metadata, http);
  return oauth.processDynamicClientRegistrationResponse(response);
}

/** Asks once what has become of the request: tokens, or the error. */
async function poll(server, client, asked, resource) {
  const more = { ...http, additionalParameters: { resource } };
  const response = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), asked.device_code, more);
  try {
    return { tokens: await oauth.processDeviceCodeResponse(server, client, response) };
  } catch (error) {
    if (!(error instanceof oauth.ResponseBodyError)) throw error;
    return { error: error.error };
  }
}

/** Polls as RFC 8628 says, until there is an end. */
async function wait(server, client, asked, resource) {
  const errors = [];
  for (let interval = asked.interval ?? 5; ; ) {
    const { tokens, error } = await poll(server, client, asked, resource);
    if (tokens) return { tokens, errors };
    errors.push(error);
    if (error === 'slow_down') interval += 5;
    else if (error !== 'authorization_pending') return { errors };
    await sleep(interval * 1000);
  }
}

await cli(import.meta.url, options, async (flags) => {
  required(flags, 'app', 'username', 'password');
  const app = new URL(flags.app);
  step('reading the metadata');
  const { resource, server } = await discover(app);
  step('registering');
  const client = await register(server);
  step('asking for codes');
  const parameters = { resource: resource.resource, scope: resource.scopes_supported?.join(' ') ?? '' };
  const response = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), parameters, http);
  const asked = await oauth.processDeviceAuthorizationResponse(server, client, response);
  const waiting = wait(server, client, asked, resource.resource);
  waiting.catch(() => {});
  const walk = await letDeviceIn(asked.verification_uri_complete, {
    username: flags.username,
    password: flags.password,
    decision: flags.decision,
    guess: true,
    viewport: { width: Number(flags.width), height: 800 },
    colorScheme: flags.dark ? 'dark' : 'light',
    javaScript: !flags['no-javascript'],
    screenshots: flags.screenshots,
    timeoutMs: flags.timeoutMs,
  });
  step('waiting for tokens');
  const { tokens, errors } = await waiting;
  const { device_code: _, ...shown } = asked;
  const result = { client: { grant_types: client.grant_types }, asked: shown, errors, walk };
  if (!tokens) return result;
  step('calling the app');
  const call = await oauth.protectedResourceRequest(tokens.access_token, 'GET', app, new Headers(), null, http);
  step('refreshing');
  const again = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token, http);
  await oauth.processRefreshTokenResponse(server, client, again);
  return {
    ...result,
    token: {
      token_type: tokens.token_type,
      scope: tokens.scope,
      has_refresh_token: tokens.refresh_token !== undefined,
    },
    first_call: { status: call.status },
    refreshed: { status: again.status },
  };
});
