// Uses passkeys (https://www.w3.org/TR/webauthn-3/): asks the gateway for a challenge and the browser for its answer, and
// sends that as a form does.
'use strict';

const box = document.getElementById('passkey');

// Browsers carry what follows `#` through redirects but not over a form: so that the page asked for opens at its place, our own
// forms take it along. Those that lead to another identity provider do not: it is none of its business.
if (location.pathname === '/.doorward/login' || location.pathname.endsWith('/authorize')) {
  for (const form of document.querySelectorAll('main form')) {
    if (!form.closest('.providers')) form.action += location.hash;
  }
}

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0)).buffer;

const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');

const withBytes = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));

async function challenge() {
  const { endpoint, token } = box.dataset;
  const body = new URLSearchParams({ act: 'challenge', form: token });
  const answer = await fetch(endpoint, { method: 'POST', body, headers: { Accept: 'application/json' } });
  // The sign-in is too old for a change: it is asked for anew.
  if (answer.status === 401) location.assign((await answer.json()).login_url);
  if (!answer.ok) throw new Error(`the gateway answered ${answer.status}`);
  return answer.json();
}

async function get(options, more) {
  const allowCredentials = withBytes(options.allowCredentials);
  const publicKey = { ...options, challenge: toBytes(options.challenge), allowCredentials };
  const made = await navigator.credentials.get({ publicKey, ...more });
  const { authenticatorData, clientDataJSON, signature, userHandle } = made.response;
  return proof(made, {
    authenticatorData: toText(authenticatorData),
    clientDataJSON: toText(clientDataJSON),
    signature: toText(signature),
    userHandle: userHandle ? toText(userHandle) : null,
  });
}

async function create(options) {
  const user = { ...options.user, id: toBytes(options.user.id) };
  const excludeCredentials = withBytes(options.excludeCredentials);
  const publicKey = { ...options, challenge: toBytes(options.challenge), user, excludeCredentials };
  const made = await navigator.credentials.create({ publicKey });
  const { attestationObject, clientDataJSON } = made.response;
  return proof(made, { attestationObject: toText(attestationObject), clientDataJSON: toText(clientDataJSON) });
}

const proof = ({ id, rawId, type }, response) => ({ id, rawId: toText(rawId), type, response, extensions: {} });

function send(attempt, credential) {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = box.dataset.endpoint + location.hash;
  const fields = { form: box.dataset.token, act: 'answer', attempt, credential: JSON.stringify(credential) };
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement('input');
    input.type = 'hidden';
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

let offered = null;

async function use() {
  const problem = document.getElementById('passkey-problem');
  problem.hidden = true;
  offered?.abort();
  try {
    const { options, attempt } = await challenge();
    send(attempt, await (box.dataset.ceremony === 'enrol' ? create(options) : get(options)));
  } catch (error) {
    console.warn(error);
    problem.hidden = false;
  }
}

// The browser offers passkeys beside the user name.
async function offer() {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  offered = new AbortController();
  try {
    const { options, attempt } = await challenge();
    send(attempt, await get(options, { mediation: 'conditional', signal: offered.signal }));
  } catch (error) {
    if (error.name !== 'AbortError') console.warn(error);
  }
}

if (box && window.PublicKeyCredential) {
  box.hidden = false;
  document.getElementById('passkey-button').addEventListener('click', use);
  if (box.dataset.ceremony === 'sign-in') {
    document.getElementById('username')?.addEventListener('input', offer, { once: true });
  }
}
