// A verifier of what the gateway signs, as an app behind it would write one.
//
//   node verify.mjs --library jose|jsonwebtoken --token T --jwks URL --issuer I --audience A --algorithm ALG --type TYP
//
// Verifies the token by the key set at URL, and then three that are no good: one changed by a character, one for
// another audience, one by another issuer. jsonwebtoken finds its keys by jwks-rsa, and knows no EdDSA.
//
//   --type TYP         the `typ` of the header: at+jwt for access tokens, JWT for assertions
//   --timeout SECONDS  for all of it (60)
//
// Prints {library, header, claims, refused: {changed, audience, issuer}}, where `refused` says why.
// Exit codes: 0 done, 1 failed, 2 usage.

import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { JwksClient } from 'jwks-rsa';

import { cli, required, step, UsageError } from './common.mjs';

const options = Object.fromEntries(
  ['library', 'token', 'jwks', 'issuer', 'audience', 'algorithm', 'type'].map((name) => [name, { type: 'string' }]),
);

const libraries = { jose: byJose, jsonwebtoken: byJsonwebtoken };

function byJose({ jwks, algorithm, type }) {
  const keys = createRemoteJWKSet(new URL(jwks));
  return async (token, { issuer, audience }) => {
    const verified = await jwtVerify(token, keys, { algorithms: [algorithm], typ: type, issuer, audience });
    return { header: verified.protectedHeader, claims: verified.payload };
  };
}

function byJsonwebtoken({ jwks, algorithm, type }) {
  const keys = new JwksClient({ jwksUri: jwks });
  return async (token, { issuer, audience }) => {
    const { kid, typ } = decodeProtectedHeader(token);
    if (typ !== type) throw new Error(`it is a ${typ}`);
    const key = (await keys.getSigningKey(kid)).getPublicKey();
    const verified = jsonwebtoken.verify(token, key, { algorithms: [algorithm], issuer, audience, complete: true });
    return { header: verified.header, claims: verified.payload };
  };
}

/** The same with one character of its signature changed. */
function changed(token) {
  const at = token.length - 20;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

async function refusal(verification) {
  const outcome = await verification.catch((error) => error);
  if (!(outcome instanceof Error)) throw new Error('accepted, and should not have been');
  return outcome.message;
}

await cli(import.meta.url, options, async (flags) => {
  required(flags, ...Object.keys(options));
  if (!libraries[flags.library]) throw new UsageError(`no library ${flags.library}`);
  const verify = libraries[flags.library](flags);
  step('verifying');
  const { header, claims } = await verify(flags.token, flags);
  const refused = {};
  step('verifying a changed token');
  refused.changed = await refusal(verify(changed(flags.token), flags));
  step('verifying for another audience');
  refused.audience = await refusal(verify(flags.token, { ...flags, audience: 'another' }));
  step('verifying as of another issuer');
  refused.issuer = await refusal(verify(flags.token, { ...flags, issuer: 'http://another' }));
  return { library: flags.library, header, claims, refused };
});
