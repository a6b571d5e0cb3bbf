// A web application's OAuth client (openid-client, unmodified) at an app behind the gateway.
//
//   node openid-client.mjs --app URL --username U --password P [--method M]
//
// Discovers the authorization server from the resource metadata, registers, goes through code with PKCE in a real
// browser (`iss` and `state` checked), calls the app, refreshes, introspects, revokes.
//
//   --app URL            the resource, for example http://127.0.0.1:8080/
//   --method M           none, client_secret_basic (default) or client_secret_post
//   --username, --password
//   --timeout SECONDS    for all of it (60)
//
// Prints {client: {token_endpoint_auth_method, has_secret}, token: {scope, expires_in, has_refresh_token}, statuses:
// {first, refreshed, revoked}, refresh_token_changed, introspected: the answer or {refused}, introspected_after,
// refresh_after: the error}. A public client's introspection is `refused` with the error.
// Exit codes: 0 done, 1 failed, 2 usage.

import * as client from 'openid-client';

import { cli, freePort, required, step } from './common.mjs';
import { walk } from './driver.mjs';

const options = {
  app: { type: 'string' },
  method: { type: 'string', default: 'client_secret_basic' },
  username: { type: 'string' },
  password: { type: 'string' },
};

const METHODS = {
  none: client.None,
  client_secret_basic: client.ClientSecretBasic,
  client_secret_post: client.ClientSecretPost,
};

async function register({ app, method }, redirectUri) {
  const wellKnown = new URL('/.well-known/oauth-protected-resource', app);
  const resource = await (await fetch(wellKnown)).json();
  const config = await client.dynamicClientRegistration(
    new URL(resource.authorization_servers[0]),
    {
      client_name: 'Doorward test (openid-client)',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: method,
    },
    METHODS[method](),
    { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
  );
  return { config, resource: resource.resource };
}

/** A code for the client, by way of the browser, and the tokens for it. */
async function authorize({ config, resource }, redirectUri, flags) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const parameters = {
    redirect_uri: redirectUri,
    scope: 'access offline_access',
    state,
    resource,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  const url = client.buildAuthorizationUrl(config, parameters);
  const { username, password, timeoutMs } = flags;
  const walked = await walk(url.href, { username, password, timeoutMs, redirectUri });
  step('redeeming the code');
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  return client.authorizationCodeGrant(config, new URL(walked.url), checks, { resource });
}

async function refusal(attempt) {
  const outcome = await attempt.catch((error) => error);
  if (!(outcome instanceof Error)) throw new Error(`no refusal but ${JSON.stringify(outcome)}`);
  return outcome.error ?? outcome.message;
}

await cli(import.meta.url, options, async (flags) => {
  required(flags, 'app', 'username', 'password');
  const redirectUri = `http://127.0.0.1:${await freePort()}/callback`;
  step('registering');
  const registered = await register(flags, redirectUri);
  const { config } = registered;
  const first = await authorize(registered, redirectUri, flags);
  const call = async (token) => {
    const response = await client.fetchProtectedResource(config, token, new URL(flags.app), 'GET').catch((error) => error);
    return response.status;
  };
  step('calling the app');
  const statuses = { first: await call(first.access_token) };
  step('refreshing');
  const second = await client.refreshTokenGrant(config, first.refresh_token, { resource: registered.resource });
  statuses.refreshed = await call(second.access_token);
  step('introspecting');
  const introspect = () => client.tokenIntrospection(config, second.access_token);
  const introspected =
    flags.method === 'none' ? { refused: await refusal(introspect()) } : await introspect();
  step('revoking');
  await client.tokenRevocation(config, second.refresh_token);
  statuses.revoked = await call(second.access_token);
  const introspectedAfter = flags.method === 'none' ? null : await introspect();
  step('refreshing with the revoked token');
  const refreshAfter = await refusal(client.refreshTokenGrant(config, second.refresh_token));
  const metadata = config.clientMetadata();
  return {
    client: {
      token_endpoint_auth_method: metadata.token_endpoint_auth_method,
      has_secret: metadata.client_secret !== undefined,
    },
    token: {
      scope: first.scope,
      expires_in: first.expires_in,
      has_refresh_token: first.refresh_token !== undefined,
    },
    statuses,
    refresh_token_changed: second.refresh_token !== first.refresh_token,
    introspected,
    introspected_after: introspectedAfter,
    refresh_after: refreshAfter,
  };
});
