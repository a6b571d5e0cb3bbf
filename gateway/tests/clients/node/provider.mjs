// A certified OpenID provider, oidc-provider, with two people who are signed in as soon as they are asked.
//
// node provider.mjs --port PORT --redirect URI --logout URI --backchannel URI
//
// It runs until it is killed, and prints `ready` when it listens. `login_hint` says who comes; without one it is ada.
// Its client is `doorward` with the secret `a-secret-of-the-tests`. POST /control/remove takes ada's grants away.

import { parseArgs } from 'node:util';
import { Provider } from 'oidc-provider';

const string = { type: 'string' };
const flags = parseArgs({ options: { port: string, redirect: string, logout: string, backchannel: string } }).values;
const issuer = `http://localhost:${flags.port}`;
const groups = { ada: ['staff', 'ops'], bob: ['staff'] };

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'doorward',
    client_secret: 'a-secret-of-the-tests',
    redirect_uris: [flags.redirect],
    post_logout_redirect_uris: [flags.logout],
    backchannel_logout_uri: flags.backchannel,
    backchannel_logout_session_required: true,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }],
  claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['a-key-of-the-tests'] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  issueRefreshToken: async () => true,
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: id, groups: groups[id] }),
  }),
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
});

const answer = provider.callback();
const { createServer } = await import('node:http');

createServer(async (request, response) => {
  try {
    if (request.url.startsWith('/interaction/')) await interact(request, response);
    else answer(request, response);
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error.stack));
  }
}).listen(Number(flags.port), '127.0.0.1', () => process.stdout.write('ready\n'));

/** What a person would do on the provider's pages. */
async function interact(request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const result = { login: { accountId: params.login_hint ?? 'ada', amr: ['pwd'] } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
  const consent = grantId ? {} : { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}
