// A person at a browser: opens Chromium, signs in, allows or denies, and watches what the browser does.
//
// Environment: CHROMIUM names the browser (default /usr/bin/chromium).

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { step } from './common.mjs';

const DECISION_ID = /\bd_[0-9a-z]{8,}\b/i;

/** Opens a browser with an empty profile. `hosts` are hosts that requests may go to besides loopback. */
export async function open({
  screenshots,
  javaScript = true,
  hosts = [],
  viewport = { width: 1000, height: 900 },
  colorScheme = 'light',
  timeoutMs = 30_000,
} = {}) {
  step('starting the browser');
  const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`no browser at ${executablePath}: install chromium or set CHROMIUM`);
  }
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--no-proxy-server',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const context = await browser.newContext({
    locale: 'en-US',
    javaScriptEnabled: javaScript,
    viewport,
    colorScheme,
  });
  context.setDefaultTimeout(Math.min(timeoutMs, 20_000));
  return new Person(browser, context, screenshots, hosts);
}

/** A browser, and everything that went wrong in it. */
export class Person {
  #pending = [];
  #shots = 0;

  constructor(browser, context, screenshots, hosts) {
    this.browser = browser;
    this.context = context;
    this.screenshots = screenshots;
    this.hosts = hosts;
    /** Every answer to a navigation, in the order of arrival. */
    this.hops = [];
    this.problems = {
      page_errors: [],
      csp_violations: [],
      foreign_requests: [],
      failed_requests: [],
    };
    this.consoleErrors = [];
    if (screenshots) mkdirSync(screenshots, { recursive: true });
  }

  /** A new tab. */
  async tab() {
    const page = await this.context.newPage();
    const tab = this.context.pages().length;
    page.on('pageerror', (error) => this.problems.page_errors.push(String(error)));
    page.on('console', (message) => {
      const text = message.text();
      if (/content security policy/i.test(text)) this.problems.csp_violations.push(text);
      else if (message.type() === 'error') this.consoleErrors.push(text);
    });
    page.on('request', (request) => {
      const url = parsed(request.url());
      if (url && /^(https?|wss?):$/.test(url.protocol) && !this.#known(url)) {
        this.problems.foreign_requests.push(request.url());
      }
    });
    page.on('requestfailed', (request) => {
      const error = request.failure()?.errorText ?? 'failed';
      // A navigation that another one overtook is no failure.
      if (error !== 'net::ERR_ABORTED') {
        this.problems.failed_requests.push(`${request.method()} ${request.url()}: ${error}`);
      }
    });
    page.on('response', (response) => {
      if (response.request().isNavigationRequest()) this.#pending.push(this.#hop(tab, response));
    });
    return page;
  }

  #known({ hostname }) {
    return isLoopback(hostname) || this.hosts.includes(hostname);
  }

  async #hop(tab, response) {
    const hop = {
      tab,
      method: response.request().method(),
      status: response.status(),
      url: response.url(),
    };
    this.hops.push(hop);
    const { location } = response.headers();
    if (location) hop.location = location;
    const all = await Promise.race([response.headersArray(), later(2000)]).catch(() => []);
    const cookies = (all ?? [])
      .filter(({ name }) => name.toLowerCase() === 'set-cookie')
      // Some versions join the headers of one name by newlines.
      .flatMap(({ value }) => value.split('\n'))
      .map((value) => value.slice(0, value.indexOf('=')));
    if (cookies.length > 0) hop.sets_cookies = cookies;
  }

  /** The hops so far, complete. */
  async trace() {
    await Promise.all(this.#pending);
    return this.hops;
  }

  /** All cookies of the browser, without their values. */
  async cookies() {
    const cookies = await this.context.cookies();
    return cookies.map((cookie) => ({
      name: cookie.name,
      size: cookie.name.length + cookie.value.length,
      httpOnly: cookie.httpOnly,
      secure: cookie.secure,
      sameSite: cookie.sameSite,
      path: cookie.path,
      host: cookie.domain.replace(/^\./, ''),
      host_only: !cookie.domain.startsWith('.'),
      session: cookie.expires === -1,
      expires_in: cookie.expires === -1 ? null : Math.round(cookie.expires - Date.now() / 1000),
    }));
  }

  /** Opens `url`; gives the status of the page that the browser ends at. */
  async visit(page, url) {
    step(`opening ${url}`);
    const response = await page.goto(url, { waitUntil: 'load' });
    return response?.status() ?? null;
  }

  /** Presses `button` and waits for the page that follows; gives its status. */
  async press(page, button) {
    const followed = page.waitForNavigation({ waitUntil: 'load' });
    // Nobody else may be there to hear of it if the click fails.
    followed.catch(() => {});
    await button.click();
    const response = await followed;
    return response?.status() ?? null;
  }

  /** Fills in the login form and sends it; gives the status of the page that follows. */
  async signIn(page, username, password) {
    step(`signing in as ${username} at ${page.url()}`);
    if (username === undefined || password === undefined) {
      throw withPage(new Error('asked to sign in, but no account was given'), await look(page));
    }
    await page.locator('input[name="username"]').fill(username);
    await page.locator('input[name="password"]').fill(password);
    return this.press(page, page.getByRole('button', { name: 'Sign in', exact: true }));
  }

  /** Fails if a page ran into an error, broke its security policy, or asked a foreign host. */
  expectNoProblems() {
    for (const kind of ['page_errors', 'csp_violations', 'foreign_requests']) {
      const found = this.problems[kind];
      if (found.length > 0) throw new Error(`there are ${kind}: ${found.join('; ')}`);
    }
  }

  async shoot(page, name) {
    if (!this.screenshots) return;
    this.#shots += 1;
    const file = `${String(this.#shots).padStart(2, '0')}-${name}.png`;
    await page
      .screenshot({ path: join(this.screenshots, file), fullPage: true })
      .catch((error) => process.stderr.write(`no screenshot ${file}: ${error.message}\n`));
  }

  async close() {
    await Promise.race([this.browser.close(), later(5000)]);
  }
}

/** What is on a page: its kind, heading, alert and decision id. */
export async function look(page) {
  const text = async (selector) => {
    const found = page.locator(selector).first();
    return (await found.count()) > 0 ? squeeze(await found.innerText()) : null;
  };
  const has = async (selector) => (await page.locator(selector).count()) > 0;
  let kind = 'other';
  if ((await has('input[name="username"]')) && (await has('input[name="password"]'))) kind = 'login';
  else if (await has('button[name="decision"][value="allow"]')) kind = 'consent';
  const id = await text('.decision code');
  const body = (await text('body')) ?? '';
  return {
    kind,
    url: page.url(),
    title: await page.title(),
    heading: await text('h1'),
    alert: await text('[role="alert"]'),
    decision_id: (id ?? body).match(DECISION_ID)?.[0] ?? null,
    text: body,
  };
}

/**
 * Takes an authorization request through the browser until its answer reaches the redirect URI,
 * whether somebody listens there or not.
 *
 * `decision` is `allow`, `deny` or `none` (stop at the question). With `expectStop`, a page that is
 * neither login nor consent ends the walk instead of failing it.
 */
export async function walk(authorizeUrl, options = {}) {
  const { username, password, decision = 'allow', expectStop = false } = options;
  const request = new URL(authorizeUrl);
  const redirectUri = options.redirectUri ?? request.searchParams.get('redirect_uri');
  if (!redirectUri) throw new Error('no redirect_uri in the URL, and none given');
  const person =
    options.person ??
    (await open({ ...options, hosts: [request.hostname, new URL(redirectUri).hostname] }));
  try {
    const page = await person.tab();
    const result = { url: null, signed_in: false, consent: null, pages: [] };
    const arrival = arrives(page, redirectUri);
    const first = person.visit(page, authorizeUrl);
    await around(person, page, arrival, first, result);
    for (let pages = 0; !arrival.url; pages += 1) {
      const seen = await look(page);
      await person.shoot(page, seen.kind);
      result.pages.push({ kind: seen.kind, status: result.status, url: seen.url, heading: seen.heading });
      if (pages >= 6) throw withPage(new Error('the pages do not come to an end'), seen);
      if (seen.kind === 'login' && !result.signed_in) {
        result.signed_in = true;
        await around(person, page, arrival, person.signIn(page, username, password), result);
      } else if (seen.kind === 'consent' && !result.consent) {
        result.consent = await question(page);
        if (decision === 'none') break;
        step(`pressing ${decision} at ${seen.url}`);
        const name = decision === 'allow' ? 'Allow' : 'Deny';
        const button = page.getByRole('button', { name, exact: true });
        await around(person, page, arrival, person.press(page, button), result);
      } else if (expectStop) {
        result.stopped_at = { status: result.status, ...seen };
        break;
      } else {
        throw withPage(new Error(`the walk ended at an unexpected page (HTTP ${result.status})`), seen);
      }
    }
    delete result.status;
    result.url = arrival.url ?? null;
    result.post_data = arrival.postData ?? null;
    result.listened = arrival.listened ?? false;
    if (arrival.listened) await page.waitForLoadState('load').catch(() => {});
    await person.shoot(page, 'end');
    result.hops = await person.trace();
    // What happens at the redirect URI is the listener's affair, not the gateway's.
    const { failed_requests: failed, ...problems } = person.problems;
    problems.failed_requests = failed.filter((line) => !line.includes(redirectUri));
    result.problems = problems;
    person.expectNoProblems();
    return result;
  } catch (error) {
    for (const page of person.context.pages()) await person.shoot(page, 'failure');
    error.page ??= await lookSafely(person);
    throw error;
  } finally {
    if (!options.person) await person.close();
  }
}

/** Lets in a device whose person types its code: {consent, heading}, what they are asked and what the last page says. */
export async function letIn(url, code, options) {
  const { consent, ended } = await letDeviceIn(url, { ...options, code });
  return { consent, heading: ended.heading };
}

/**
 * Lets a device in: opens the page of its link, signs in if asked, sends `code` or else the one that is there
 * already, and presses Allow or Deny. Gives {code, wrong, consent, ended: {status, heading, text}}. With `guess`, it
 * first sends a code that nobody has, and `wrong` is what the page says of it.
 */
export async function letDeviceIn(url, options = {}) {
  const { username, password, decision = 'allow' } = options;
  const person = await open({ ...options, hosts: [new URL(url).hostname] });
  try {
    const page = await person.tab();
    await person.visit(page, url);
    if ((await look(page)).kind === 'login') await person.signIn(page, username, password);
    const code = options.code ?? (await page.locator('input[name="user_code"]').inputValue());
    await person.shoot(page, 'code');
    const go = () => person.press(page, page.getByRole('button', { name: 'Continue', exact: true }));
    let wrong = null;
    if (options.guess) {
      step('sending a code that nobody has');
      await page.locator('input[name="user_code"]').fill('bcdf ghjk');
      await go();
      wrong = (await look(page)).alert;
      await person.shoot(page, 'wrong-code');
    }
    step('sending the code');
    await page.locator('input[name="user_code"]').fill(code);
    await go();
    const consent = await question(page);
    await person.shoot(page, 'consent');
    const name = decision === 'allow' ? 'Allow' : 'Deny';
    step(`pressing ${name}`);
    const status = await person.press(page, page.getByRole('button', { name, exact: true }));
    const { heading, text } = await look(page);
    await person.shoot(page, 'end');
    person.expectNoProblems();
    return { code, wrong, consent, ended: { status, heading, text } };
  } catch (error) {
    for (const page of person.context.pages()) await person.shoot(page, 'failure');
    error.page ??= await lookSafely(person);
    throw error;
  } finally {
    await person.close();
  }
}

/** Waits for a navigation, or for the arrival that makes its outcome unimportant. */
async function around(person, page, arrival, navigation, result) {
  const outcome = await Promise.race([
    navigation.then(
      (status) => ({ status }),
      (error) => ({ error }),
    ),
    arrival.promise.then(() => ({ status: null })),
  ]);
  if (outcome.error && !arrival.url) {
    // The navigation may fail because nobody listens at the redirect URI: then the arrival is near.
    await Promise.race([arrival.promise, later(2000)]);
    if (!arrival.url) {
      const why = [outcome.error.message, ...person.problems.csp_violations];
      if (arrival.blocked) why.push(`the browser did not go to ${arrival.blocked}`);
      throw new Error(why.join('; '));
    }
  }
  result.status = outcome.status ?? null;
}

/** Notices when the browser gets to `redirectUri`. */
function arrives(page, redirectUri) {
  const target = new URL(redirectUri);
  const reached = (text) => {
    const url = parsed(text);
    return url?.protocol === target.protocol && url.host === target.host && url.pathname === target.pathname;
  };
  const arrival = {};
  arrival.promise = new Promise((resolve) => {
    const done = (url, more) => {
      if (arrival.url) return;
      Object.assign(arrival, { url, ...more });
      resolve();
    };
    page.on('response', (response) => {
      const request = response.request();
      if (reached(response.url())) {
        done(response.url(), { listened: true, postData: request.postData() });
        return;
      }
      // Where the browser hands over to another program, the redirect is all there is to see.
      const { location } = response.headers();
      if (location && !/^https?:$/.test(target.protocol) && reached(location)) done(location);
      else if (location && reached(location)) arrival.blocked = location;
    });
    page.on('requestfailed', (request) => {
      if (!reached(request.url())) return;
      const refused = request.failure()?.errorText === 'net::ERR_CONNECTION_REFUSED';
      if (refused) done(request.url(), { postData: request.postData() });
      else arrival.blocked = `${request.url()} (${request.failure()?.errorText})`;
    });
  });
  return arrival;
}

/** What the consent page tells the person. */
async function question(page) {
  const facts = {};
  for (const row of await page.locator('dl.facts > div').all()) {
    facts[squeeze(await row.locator('dt').innerText())] = squeeze(await row.locator('dd').innerText());
  }
  const warning = page.locator('.warning').first();
  const buttons = await page.getByRole('button').allInnerTexts();
  return {
    url: page.url(),
    heading: squeeze(await page.locator('h1').first().innerText()),
    facts,
    warning: (await warning.count()) > 0 ? squeeze(await warning.innerText()) : null,
    buttons: buttons.map(squeeze),
  };
}

/** What is on the last tab, if the browser still answers. */
export async function lookSafely(person) {
  const page = person.context.pages().at(-1);
  if (!page) return undefined;
  const seen = await Promise.race([look(page), later(2000)]).catch(() => undefined);
  if (!seen) return undefined;
  return { ...seen, text: seen.text.slice(0, 600), hops: person.hops.slice(-6), problems: person.problems };
}

export function isLoopback(hostname) {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function withPage(error, seen) {
  error.page = seen;
  return error;
}

function parsed(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

const squeeze = (text) => text.replace(/\s+/g, ' ').trim();

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
