// An OpenID provider that misbehaves as it is told: oauth2-mock-server behind a door that changes its answers.
//
// node bad-provider.mjs --port PORT
//
// It runs until it is killed, and prints `ready` when it listens. Beside the provider's endpoints it has these, with JSON:
//
//   POST /control          what to do from now on; each member replaces the one before, `null` takes it away:
//     claims     members of ID tokens; `null` leaves one out; `at_hash: true` is the right one
//     header     members of the headers of ID tokens
//     forge      none, hs256, strange_key, wrong_key, no_kid
//     token      { status, body, delay } of the token endpoint; `body` members replace, `null` leaves one out
//     discovery  members of the discovery document
//     document   { status }
//     jwks       { status, huge, keys }: `keys` are added before the real ones
//     userinfo   { claims, status, signed }
//     authorize  members of the authorization response; `null` leaves one out
//   POST /control/rotate   { algs }: other keys
//   POST /control/sign     { claims, header, forge }: a token by its keys
//   GET  /control/log      what was asked of it, oldest first

import {
  createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign as signBytes,
} from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server';

const { port } = parseArgs({ options: { port: { type: 'string' } } }).values;
const url = `http://127.0.0.1:${port}`;
const log = [];
let told = {};
let issuer;
let service;

await rotate({ algs: ['RS256'] });

createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));

async function answer(request, response) {
  const path = new URL(request.url, url).pathname;
  if (path.startsWith('/control')) return control(path, request, response);
  const entry = { method: request.method, path, query: new URL(request.url, url).search.slice(1) };
  entry.authorization = request.headers.authorization ?? null;
  log.push(entry);
  if (path === '/jwks' && told.jwks) return jwks(response);
  if (path === '/userinfo' && told.userinfo?.signed) return signedUserinfo(response);
  if (path === '/.well-known/openid-configuration' && told.document) return send(response, {}, told.document.status);
  if (path === '/token' && told.token?.delay) await new Promise((done) => setTimeout(done, told.token.delay));
  service.requestHandler(request, response);
}

async function control(path, request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const body = text ? JSON.parse(text) : {};
  if (path === '/control/log') return send(response, log);
  if (path === '/control/rotate') await rotate(body);
  else if (path === '/control/sign') return send(response, { token: sign(body) });
  else told = { ...told, ...body };
  send(response, {});
}

async function rotate({ algs }) {
  issuer = new OAuth2Issuer();
  issuer.url = url;
  for (const alg of algs) await issuer.keys.generate(alg);
  service = new OAuth2Service(issuer);
  service.on('beforeWellKnownOpenIdConfiguration', (answer) => merge(answer.body, told.discovery));
  service.on('beforeAuthorizeRedirect', (redirect) => {
    for (const [name, value] of Object.entries(told.authorize ?? {})) {
      if (value === null) redirect.url.searchParams.delete(name);
      else redirect.url.searchParams.set(name, value);
    }
  });
  service.on('beforeTokenSigning', (token, request) => {
    log.push({ path: 'token form', form: request.body });
    if (token.payload.aud === undefined) return;
    merge(token.payload, { ...told.claims, at_hash: undefined });
    merge(token.header, told.header);
  });
  service.on('beforeResponse', (answer) => {
    if (told.claims?.at_hash !== undefined || told.forge) answer.body.id_token = forge(answer.body);
    answer.statusCode = told.token?.status ?? 200;
    merge(answer.body, told.token?.body);
  });
  service.on('beforeUserinfo', (answer) => {
    answer.statusCode = told.userinfo?.status ?? 200;
    merge(answer.body, told.userinfo?.claims);
  });
}

/** The ID token of a response, made anew. */
function forge(body) {
  const payload = decodeJwt(body.id_token);
  const header = decodeProtectedHeader(body.id_token);
  const hash = createHash('sha256').update(body.access_token).digest();
  if (told.claims?.at_hash !== undefined) {
    payload.at_hash = told.claims.at_hash === true ? hash.subarray(0, 16).toString('base64url') : told.claims.at_hash;
  }
  return signed(payload, header, told.forge);
}

function signed(payload, header, how) {
  const [jwk] = issuer.keys.toJSON(true).filter((key) => key.kid === header.kid);
  const keep = { ...header };
  if (how === 'none') return `${part({ ...keep, alg: 'none' })}.${part(payload)}.`;
  if (how === 'hs256') {
    const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const message = `${part({ ...keep, alg: 'HS256' })}.${part(payload)}`;
    return `${message}.${createHmac('sha256', pem).update(message).digest('base64url')}`;
  }
  if (how === 'no_kid') delete keep.kid;
  if (how === 'strange_key') keep.kid = randomUUID();
  const strange = ['strange_key', 'wrong_key'].includes(how);
  const key = strange
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : createPrivateKey({ key: jwk, format: 'jwk' });
  const message = `${part(keep)}.${part(payload)}`;
  const digest = keep.alg === 'EdDSA' ? null : 'sha256';
  return `${message}.${signBytes(digest, Buffer.from(message), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function sign({ claims, header, forge: how }) {
  const now = Math.floor(Date.now() / 1000);
  const [jwk] = issuer.keys.toJSON(true);
  const payload = merge({ iss: url, iat: now, exp: now + 120, jti: randomUUID() }, claims);
  return signed(payload, merge({ alg: jwk.alg, kid: jwk.kid, typ: 'logout+jwt' }, header), how);
}

function jwks(response) {
  const { status = 200, huge, keys = [] } = told.jwks;
  if (!huge) return send(response, { keys: [...keys, ...issuer.keys.toJSON()] }, status);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"keys":[');
  const filler = `${' '.repeat(1024 * 1024)}`;
  let left = 100;
  const more = () => {
    while (left > 0) {
      left -= 1;
      if (!response.write(filler)) return response.once('drain', more);
    }
    response.end(']}');
  };
  response.on('close', () => (left = 0));
  more();
}

function signedUserinfo(response) {
  const { claims, signed: members } = told.userinfo;
  const token = sign({ claims: { sub: 'johndoe', ...members, ...claims }, header: { typ: 'JWT' } });
  response.writeHead(200, { 'content-type': 'application/jwt' });
  response.end(token);
}

function merge(into, changes) {
  for (const [name, value] of Object.entries(changes ?? {})) {
    if (value === null) delete into[name];
    else if (value !== undefined) into[name] = value;
  }
  return into;
}

function part(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function send(response, body, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
