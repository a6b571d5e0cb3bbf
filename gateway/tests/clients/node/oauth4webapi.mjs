// A strict OAuth client (oauth4webapi, unmodified) at a plain HTTP app behind the gateway.
//
//   node oauth4webapi.mjs --app URL --username U --password P
//
// From the 401 of the app to its resource metadata, the metadata of the authorization server, dynamic
// registration, code with PKCE in a real browser (`iss` and `state` checked), tokens, the app with the bearer
// token, refresh, and the app again. The access token is checked by oauth4webapi and by jose with the JWKS.
//
//   --app URL          the resource, for example http://127.0.0.1:8080/ or …/mcp
//   --username, --password
//   --scope S          the scope asked for (the challenge's, else the resource metadata's)
//   --audience A       the audience of the access token (the issuer: tokens are for the app as a whole)
//   --resource R       the `resource` parameter (the resource of the metadata); "" sends none
//   --redirect-uri R   where the answer goes (http://127.0.0.1:PORT/callback, nobody listens)
//   --par              pushes the authorization request (RFC 9126)
//   --dpop             binds its tokens to a key (RFC 9449)
//   --revoke           at the end revokes the refresh token; then refreshing has to fail
//   --no-javascript, --screenshots DIR, --timeout SECONDS (60)
//
// Prints {challenge: {status, www_authenticate, parameters, body}, invalid_token: likewise with a token that is
// no good, resource_metadata, server_metadata, client, authorization: {url, answer}, walk: as walk.mjs, token:
// {token_type, expires_in, scope, has_refresh_token}, access_token: {header, claims, validated_by:
// [oauth4webapi, jose]}, first_call: {status, body}, refreshed: {token_type, expires_in, scope,
// refresh_token_changed, access_token_changed}, second_call: {status, body}, revoked?: {status, refresh_error,
// refresh_status}, requests: [{method, url, status, content_type, cache_control}]}. Secrets and tokens are left
// out.
// Exit codes: 0 done, 1 failed, 2 usage.

import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';

import { cli, freePort, required, step } from './common.mjs';
import { walk } from './driver.mjs';

const options = {
  app: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  scope: { type: 'string' },
  audience: { type: 'string' },
  resource: { type: 'string' },
  'redirect-uri': { type: 'string' },
  par: { type: 'boolean', default: false },
  dpop: { type: 'boolean', default: false },
  revoke: { type: 'boolean', default: false },
  'no-javascript': { type: 'boolean', default: false },
  screenshots: { type: 'string' },
};

/** The challenge of the app, as oauth4webapi reads it. */
async function challenged(app, http, withToken) {
  const send = http[oauth.customFetch];
  const options = {
    ...http,
    [oauth.customFetch]: (url, init) => {
      const headers = new Headers(init.headers);
      if (!withToken) headers.delete('authorization');
      return send(url, { ...init, headers });
    },
  };
  let response;
  try {
    response = await oauth.protectedResourceRequest('a-token-that-is-no-good', 'GET', app, accept(), null, options);
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
    const bearer = error.cause.find(({ scheme }) => scheme === 'bearer');
    if (error.status !== 401 || !bearer) throw new Error(`HTTP ${error.status}, not 401 with Bearer`);
    return {
      status: error.status,
      www_authenticate: error.response.headers.get('www-authenticate'),
      parameters: { ...bearer.parameters },
      body: await error.response.json().catch(() => null),
    };
  }
  throw new Error(`expected a challenge, got HTTP ${response.status}`);
}

/** What the browser takes along of a pushed request (RFC 9126 section 4). */
async function push(server, client, authentication, parameters, http) {
  step('pushing the authorization request');
  const response = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, http);
  const { request_uri } = await oauth.processPushedAuthorizationResponse(server, client, response);
  return { client_id: client.client_id, request_uri };
}

async function call(app, token, http) {
  const response = await oauth.protectedResourceRequest(token, 'GET', app, accept(), null, http);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the app gave HTTP ${response.status}: ${text.slice(0, 300)}`);
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: text };
  }
}

async function checkToken(server, app, token, audience, http) {
  let headers = { authorization: `Bearer ${token}` };
  if (http.DPoP) {
    // The library makes the proof; the request is caught on its way.
    const caught = async (_url, init) => {
      headers = init.headers;
      return new Response();
    };
    const how = { ...http, [oauth.customFetch]: caught };
    await oauth.protectedResourceRequest(token, 'GET', app, accept(), null, how);
  }
  const request = new Request(app, { headers });
  const claims = await oauth.validateJwtAccessToken(server, request, audience, http);
  await jwtVerify(token, createRemoteJWKSet(new URL(server.jwks_uri)), {
    issuer: server.issuer,
    audience,
    typ: 'at+jwt',
    requiredClaims: ['sub', 'client_id', 'jti', 'iat', 'exp'],
  });
  return { header: decodeProtectedHeader(token), claims, validated_by: ['oauth4webapi', 'jose'] };
}

function accept() {
  return new Headers({ accept: 'application/json' });
}

await cli(import.meta.url, options, async (flags) => {
  required(flags, 'app', 'username', 'password');
  const requests = [];
  const http = {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: async (url, init) => {
      const response = await fetch(url, init);
      requests.push({
        method: init.method,
        url: String(url),
        status: response.status,
        content_type: response.headers.get('content-type'),
        cache_control: response.headers.get('cache-control'),
      });
      return response;
    },
  };
  const app = new URL(flags.app);

  step('asking the app without a token');
  const challenge = await challenged(app, http, false);
  const { resource_metadata: metadataUrl, scope: challengeScope } = challenge.parameters;
  if (!metadataUrl) throw new Error(`no resource_metadata in ${challenge.www_authenticate}`);
  step('asking the app with a token that is no good');
  const invalidToken = await challenged(app, http, true);

  step('reading the resource metadata');
  // Once where the challenge says, and once where RFC 9728 puts it.
  const named = await http[oauth.customFetch](metadataUrl, { method: 'GET', headers: accept() });
  const resourceMetadata = await oauth.processResourceDiscoveryResponse(app, named);
  const derived = await oauth.resourceDiscoveryRequest(app, http);
  await oauth.processResourceDiscoveryResponse(app, derived);

  step('reading the metadata of the authorization server');
  const issuer = new URL(resourceMetadata.authorization_servers[0]);
  const serverResponse = await oauth.discoveryRequest(issuer, { ...http, algorithm: 'oauth2' });
  const server = await oauth.processDiscoveryResponse(issuer, serverResponse);
  if (!server.code_challenge_methods_supported?.includes('S256')) throw new Error('no PKCE with S256');

  step('registering');
  const redirectUri = flags['redirect-uri'] ?? `http://127.0.0.1:${await freePort()}/callback`;
  const registered = await oauth.dynamicClientRegistrationRequest(
    server,
    {
      client_name: 'Doorward test (oauth4webapi)',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    http,
  );
  const client = await oauth.processDynamicClientRegistrationResponse(registered);
  const authentication =
    client.client_secret === undefined
      ? oauth.None()
      : client.token_endpoint_auth_method === 'client_secret_post'
        ? oauth.ClientSecretPost(client.client_secret)
        : oauth.ClientSecretBasic(client.client_secret);

  const proof = flags.dpop ? { DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) } : {};
  Object.assign(http, proof);
  step('authorizing');
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const resource = flags.resource ?? resourceMetadata.resource;
  const scope = flags.scope ?? challengeScope ?? resourceMetadata.scopes_supported?.join(' ');
  const authorize = new URL(server.authorization_endpoint);
  const parameters = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(scope ? { scope } : {}),
    ...(resource ? { resource } : {}),
  };
  const asked = flags.par ? await push(server, client, authentication, parameters, http) : parameters;
  for (const [name, value] of Object.entries(asked)) authorize.searchParams.set(name, value);
  const walked = await walk(authorize.href, {
    username: flags.username,
    password: flags.password,
    javaScript: !flags['no-javascript'],
    screenshots: flags.screenshots,
    timeoutMs: flags.timeoutMs,
    redirectUri,
  });
  step('checking the answer');
  const answer = new URL(walked.url);
  // Checks `state`, and `iss` where the metadata promise it.
  const callback = oauth.validateAuthResponse(server, client, answer, state);

  step('redeeming the code');
  const additionalParameters = resource ? { resource } : {};
  const codeResponse = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    callback,
    redirectUri,
    verifier,
    { ...http, additionalParameters },
  );
  const token = await oauth.processAuthorizationCodeResponse(server, client, codeResponse);

  step('checking the access token');
  const audience = flags.audience ?? server.issuer;
  const accessToken = await checkToken(server, app, token.access_token, audience, http);

  step('calling the app');
  const first = await call(app, token.access_token, http);

  step('refreshing');
  const refreshResponse = await oauth.refreshTokenGrantRequest(
    server,
    client,
    authentication,
    token.refresh_token,
    { ...http, additionalParameters },
  );
  const fresh = await oauth.processRefreshTokenResponse(server, client, refreshResponse);
  await checkToken(server, app, fresh.access_token, audience, http);

  step('calling the app with the new token');
  const second = await call(app, fresh.access_token, http);

  let revoked;
  if (flags.revoke) {
    step('revoking');
    const response = await oauth.revocationRequest(server, client, authentication, fresh.refresh_token, http);
    const { status } = response;
    await oauth.processRevocationResponse(response);
    step('refreshing with the revoked token');
    const again = await oauth.refreshTokenGrantRequest(server, client, authentication, fresh.refresh_token, http);
    const outcome = await oauth.processRefreshTokenResponse(server, client, again).catch((error) => error);
    if (!(outcome instanceof oauth.ResponseBodyError)) throw new Error('a revoked refresh token still works');
    revoked = { status, refresh_error: outcome.error, refresh_status: outcome.status };
  }

  return {
    challenge,
    invalid_token: invalidToken,
    resource_metadata: resourceMetadata,
    server_metadata: server,
    client: { ...client, client_secret: undefined, registration_access_token: undefined },
    authorization: {
      url: authorize.href,
      answer: Object.fromEntries([...answer.searchParams].filter(([name]) => name !== 'code')),
    },
    walk: { ...walked, url: undefined },
    token: {
      token_type: token.token_type,
      expires_in: token.expires_in ?? null,
      scope: token.scope ?? null,
      has_refresh_token: token.refresh_token !== undefined,
    },
    access_token: accessToken,
    first_call: first,
    refreshed: {
      token_type: fresh.token_type,
      expires_in: fresh.expires_in ?? null,
      scope: fresh.scope ?? null,
      refresh_token_changed: fresh.refresh_token !== undefined && fresh.refresh_token !== token.refresh_token,
      access_token_changed: fresh.access_token !== token.access_token,
    },
    second_call: second,
    ...(revoked ? { revoked } : {}),
    requests,
  };
});
