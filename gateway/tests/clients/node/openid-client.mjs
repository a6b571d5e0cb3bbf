// A web application's OAuth client (openid-client, unmodified) at an app behind the gateway.
//
//   node openid-client.mjs --app URL --username U --password P [--method M] [--par] [--dpop]
//
// Discovers the authorization server from the resource metadata, registers, goes through code with PKCE in a real
// browser (`iss` and `state` checked), calls the app, refreshes, introspects, revokes.
//
//   --app URL            the resource, for example http://127.0.0.1:8080/
//   --method M           none, client_secret_basic (default), client_secret_post or private_key_jwt
//   --par                pushes the authorization request (RFC 9126)
//   --dpop               binds its tokens to a key (RFC 9449)
//   --username, --password
//   --timeout SECONDS    for all of it (60)
//
// Prints {client: {token_endpoint_auth_method, has_secret}, asked: the names of the parameters that the browser took
// along, token: {token_type, scope, expires_in, has_refresh_token}, statuses: {first, refreshed, revoked, without_proof?:
// the app's answer to a bound token as a bearer token}, refresh_token_changed, introspected: the answer or {refused}, introspected_after,
// refresh_after: the error}. A public client's introspection is `refused` with the error.
// Exit codes: 0 done, 1 failed, 2 usage.

import * as client from 'openid-client';

import { cli, freePort, required, step } from './common.mjs';
import { walk } from './driver.mjs';

const options = {
  app: { type: 'string' },
  method: { type: 'string', default: 'client_secret_basic' },
  par: { type: 'boolean', default: false },
  dpop: { type: 'boolean', default: false },
  username: { type: 'string' },
  password: { type: 'string' },
};

const METHODS = {
  none: client.None,
  client_secret_basic: client.ClientSecretBasic,
  client_secret_post: client.ClientSecretPost,
};

/** What a client registers and how it authenticates; one that signs makes its key here. */
async function authentication(method) {
  if (method !== 'private_key_jwt') return [{}, METHODS[method]()];
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const jwks = { keys: [{ kty, crv, x, y, kid: 'only', use: 'sig' }] };
  return [{ jwks }, client.PrivateKeyJwt({ key: pair.privateKey, kid: 'only' })];
}

async function register({ app, method, dpop }, redirectUri) {
  const [keys, authenticate] = await authentication(method);
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
      ...keys,
      ...(dpop ? { dpop_bound_access_tokens: true } : {}),
    },
    authenticate,
    { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
  );
  const proof = dpop ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) } : undefined;
  return { config, proof, resource: resource.resource };
}

/** A code for the client, by way of the browser, and the tokens for it. */
async function authorize({ config, proof, resource }, redirectUri, flags) {
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
  const url = flags.par
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, proof)
    : client.buildAuthorizationUrl(config, parameters);
  const { username, password, timeoutMs } = flags;
  const walked = await walk(url.href, { username, password, timeoutMs, redirectUri });
  step('redeeming the code');
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  const tokens = await client.authorizationCodeGrant(config, new URL(walked.url), checks, { resource }, proof);
  return { tokens, asked: [...url.searchParams.keys()] };
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
  const { config, proof } = registered;
  const { tokens: first, asked } = await authorize(registered, redirectUri, flags);
  const call = async (token, options) => {
    const sent = client.fetchProtectedResource(config, token, new URL(flags.app), 'GET', null, undefined, options);
    return (await sent.catch((error) => error)).status;
  };
  step('calling the app');
  const statuses = { first: await call(first.access_token, proof) };
  if (proof) statuses.without_proof = await call(first.access_token);
  step('refreshing');
  const { resource } = registered;
  const second = await client.refreshTokenGrant(config, first.refresh_token, { resource }, proof);
  statuses.refreshed = await call(second.access_token, proof);
  step('introspecting');
  const introspect = () => client.tokenIntrospection(config, second.access_token);
  const introspected =
    flags.method === 'none' ? { refused: await refusal(introspect()) } : await introspect();
  step('revoking');
  await client.tokenRevocation(config, second.refresh_token);
  statuses.revoked = await call(second.access_token, proof);
  const introspectedAfter = flags.method === 'none' ? null : await introspect();
  step('refreshing with the revoked token');
  const refreshAfter = await refusal(client.refreshTokenGrant(config, second.refresh_token, {}, proof));
  const metadata = config.clientMetadata();
  return {
    client: {
      token_endpoint_auth_method: metadata.token_endpoint_auth_method,
      has_secret: metadata.client_secret !== undefined,
    },
    asked,
    token: {
      token_type: first.token_type,
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
