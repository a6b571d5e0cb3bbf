// Programs without a browser of their own, by openid-client or oauth4webapi, unmodified.
//
//   node grants.mjs --library L --grant device --app URL --username U --password P
//   node grants.mjs --library L --grant client-credentials --app URL --client-id I --client-secret S
//
// `device` (RFC 8628) registers, shows a code, and polls while a person enters it in a real browser. `client-credentials`
// comes in the client's own name.
//
//   --library L        openid-client or oauth4webapi
//   --app URL          the resource, for example http://127.0.0.1:8080/
//   --timeout SECONDS  for all of it (60)
//
// Prints {library, grant, token: {token_type, scope, expires_in, has_refresh_token}, status: of the app, claims: of the
// access token as oauth4webapi validates it (RFC 9068)}, device also {heading: of the last page, refreshed: the status with
// the next token}.
// Exit codes: 0 done, 1 failed, 2 usage.

import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

import { cli, required, step, UsageError } from './common.mjs';
import { letIn } from './driver.mjs';

const options = Object.fromEntries(
  ['library', 'grant', 'app', 'username', 'password', 'client-id', 'client-secret'].map((name) => [name, { type: 'string' }]),
);

const DEVICE = {
  client_name: 'Doorward test (a device)',
  redirect_uris: [],
  grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  response_types: [],
  token_endpoint_auth_method: 'none',
};

const http = { [oauth.allowInsecureRequests]: true };

/** openid-client. */
class OpenidClient {
  async discover(issuer, flags) {
    const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };
    this.config =
      flags.grant === 'device'
        ? await client.dynamicClientRegistration(issuer, DEVICE, client.None(), options)
        : await client.discovery(
            issuer,
            flags['client-id'],
            undefined,
            client.ClientSecretBasic(flags['client-secret']),
            options,
          );
    return this.config.serverMetadata();
  }

  ask(parameters) {
    return client.initiateDeviceAuthorization(this.config, parameters);
  }

  poll(asked) {
    return client.pollDeviceAuthorizationGrant(this.config, asked);
  }

  refresh(token) {
    return client.refreshTokenGrant(this.config, token);
  }

  credentials(parameters) {
    return client.clientCredentialsGrant(this.config, parameters);
  }
}

/** oauth4webapi. */
class Oauth4webapi {
  async discover(issuer, flags) {
    const found = await oauth.discoveryRequest(issuer, { ...http, algorithm: 'oauth2' });
    this.server = await oauth.processDiscoveryResponse(issuer, found);
    if (flags.grant === 'device') {
      const registered = await oauth.dynamicClientRegistrationRequest(this.server, DEVICE, http);
      this.client = await oauth.processDynamicClientRegistrationResponse(registered);
      this.authentication = oauth.None();
    } else {
      this.client = { client_id: flags['client-id'] };
      this.authentication = oauth.ClientSecretBasic(flags['client-secret']);
    }
    return this.server;
  }

  async ask(parameters) {
    const asked = await oauth.deviceAuthorizationRequest(this.server, this.client, this.authentication, parameters, http);
    return oauth.processDeviceAuthorizationResponse(this.server, this.client, asked);
  }

  async poll({ device_code: code, interval = 5 }) {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, interval * 1000));
      const answer = await oauth.deviceCodeGrantRequest(this.server, this.client, this.authentication, code, http);
      const outcome = await oauth.processDeviceCodeResponse(this.server, this.client, answer).catch((error) => error);
      if (!(outcome instanceof oauth.ResponseBodyError)) return outcome;
      if (outcome.error === 'slow_down') interval += 5;
      else if (outcome.error !== 'authorization_pending') throw outcome;
    }
  }

  async refresh(token) {
    const answer = await oauth.refreshTokenGrantRequest(this.server, this.client, this.authentication, token, http);
    return oauth.processRefreshTokenResponse(this.server, this.client, answer);
  }

  async credentials(parameters) {
    const { server, client: self, authentication } = this;
    const answer = await oauth.clientCredentialsGrantRequest(server, self, authentication, parameters, http);
    return oauth.processClientCredentialsResponse(server, self, answer);
  }
}

async function call(app, token) {
  const response = await fetch(app, { headers: { authorization: `Bearer ${token}`, accept: 'application/json' } });
  return response.status;
}

async function byDevice(library, flags, resource) {
  step('asking for a code');
  const asked = await library.ask({ scope: 'access offline_access', resource });
  const { username, password, timeoutMs } = flags;
  const person = letIn(asked.verification_uri, asked.user_code, { username, password, timeoutMs });
  const [token, page] = await Promise.all([library.poll(asked), person]);
  step('refreshing');
  const next = await library.refresh(token.refresh_token);
  return { token, heading: page.heading, refreshed: await call(flags.app, next.access_token) };
}

await cli(import.meta.url, options, async (flags) => {
  required(flags, 'library', 'grant', 'app');
  const libraries = { 'openid-client': OpenidClient, oauth4webapi: Oauth4webapi };
  if (!libraries[flags.library]) throw new UsageError(`no library ${flags.library}`);
  const library = new libraries[flags.library]();
  step('discovering');
  const metadata = await (await fetch(new URL('/.well-known/oauth-protected-resource', flags.app))).json();
  const server = await library.discover(new URL(metadata.authorization_servers[0]), flags);
  const { token, ...more } =
    flags.grant === 'device'
      ? await byDevice(library, flags, metadata.resource)
      : { token: await library.credentials({ resource: metadata.resource }) };
  step('checking the access token');
  const request = new Request(flags.app, { headers: { authorization: `Bearer ${token.access_token}` } });
  return {
    library: flags.library,
    grant: flags.grant,
    token: {
      token_type: token.token_type,
      scope: token.scope,
      expires_in: token.expires_in,
      has_refresh_token: token.refresh_token !== undefined,
    },
    status: await call(flags.app, token.access_token),
    claims: await oauth.validateJwtAccessToken(server, request, server.issuer, http),
    ...more,
  };
});
