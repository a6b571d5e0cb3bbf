// A person with a browser at an app behind the gateway.
//
//   node browser.mjs --scenario NAME --app URL [--path /x?y=z] --username U --password P
//
// Scenarios:
//   sign-in         opens the page, signs in, has to end at exactly that page
//   wrong-password  a wrong password gives an alert at the login form, then the right one works
//   refused         signs in and has to see a refusal with a decision id (HTTP 403)
//   sign-out        signs in; signs out of the app and opens it again; signs out everywhere and opens it
//                   again, which has to lead to the login form
//   two-tabs        two tabs opened anonymously (--path and --second-path), signed in one after the
//                   other; each has to end at its own page
//   abandoned       opens the app anonymously --times times without signing in, then, if an account is
//                   given, signs in once
//
// Flags:
//   --app URL          the app's public URL
//   --path P           the page to open, with its query (/)
//   --second-path P    two-tabs: the second page (/second?tab=2)
//   --times N          abandoned: how often (30)
//   --expect-text T    what the page shows once signed in (the username)
//   --wrong-password P wrong-password: the wrong one ("not the password")
//   --no-javascript    the browser runs no script
//   --screenshots DIR  saves a picture of every page
//   --timeout SECONDS  for all of it (60)
//
// Prints {scenario, …, hops: [{tab, method, status, url, location?, sets_cookies?}], cookies: [{name, size,
// httpOnly, secure, sameSite, path, host, host_only, session, expires_in}], problems: {page_errors,
// csp_violations, foreign_requests, failed_requests}, console_errors}, where … is
//   sign-in         login: PAGE, landed: PAGE
//   wrong-password  login: PAGE, rejected: PAGE + {username_kept, password_empty}, landed: PAGE
//   refused         login: PAGE, refused: PAGE, decision_id, status
//   sign-out        asked, signed_out, reopened: PAGE, silently_signed_in, asked_everywhere,
//                   signed_out_everywhere, reopened_after_everywhere: PAGE, cookies_after_sign_out,
//                   cookies_after_everywhere
//   two-tabs        logins: [PAGE, PAGE], landed: [PAGE, PAGE]
//   abandoned       times, statuses: {status: count}, bytes_per_host, cookies_per_host, landed: PAGE | null
// and PAGE is {kind: login|consent|other, status, url, title, heading, alert, decision_id}.
//
// An expectation that fails, and any page error, violation of a content security policy or request to
// another host than loopback and the app, is a failure. Exit codes: 0 done, 1 failed, 2 usage.

import { cli, required, step, UsageError } from './common.mjs';
import { look, lookSafely, open } from './driver.mjs';

const options = {
  scenario: { type: 'string' },
  app: { type: 'string' },
  path: { type: 'string', default: '/' },
  'second-path': { type: 'string', default: '/second?tab=2' },
  times: { type: 'string', default: '30' },
  username: { type: 'string' },
  password: { type: 'string' },
  'expect-text': { type: 'string' },
  'wrong-password': { type: 'string', default: 'not the password' },
  'no-javascript': { type: 'boolean', default: false },
  screenshots: { type: 'string' },
};

const scenarios = {
  'sign-in': signIn,
  'wrong-password': wrongPassword,
  refused,
  'sign-out': signOut,
  'two-tabs': twoTabs,
  abandoned,
};

async function signIn(person, flags) {
  const page = await person.tab();
  const login = await openLogin(person, page, flags, address(flags));
  const landed = await land(person, page, flags, address(flags));
  return { login, landed };
}

async function wrongPassword(person, flags) {
  const page = await person.tab();
  const login = await openLogin(person, page, flags, address(flags));
  const status = await person.signIn(page, flags.username, flags['wrong-password']);
  const rejected = await report(person, page, status, 'rejected');
  expect(rejected.kind === 'login', 'a wrong password has to lead back to the login form');
  expect(rejected.alert, 'a wrong password has to give an alert');
  expect(
    new URL(rejected.url).origin === new URL(login.url).origin,
    'a wrong password has to stay at the login origin',
  );
  rejected.username_kept = (await page.locator('input[name="username"]').inputValue()) === flags.username;
  rejected.password_empty = (await page.locator('input[name="password"]').inputValue()) === '';
  const landed = await land(person, page, flags, address(flags));
  return { login, rejected, landed };
}

async function refused(person, flags) {
  const page = await person.tab();
  const login = await openLogin(person, page, flags, address(flags));
  const status = await person.signIn(page, flags.username, flags.password);
  const seen = await report(person, page, status, 'refused');
  expect(seen.kind === 'other', 'expected a refusal, got the login form or a question');
  expect(status === 403, `expected HTTP 403, got ${status}`);
  expect(seen.decision_id, 'the refusal has to show a decision id');
  return { login, refused: seen, decision_id: seen.decision_id, status };
}

async function signOut(person, flags) {
  const target = address(flags);
  const page = await person.tab();
  await openLogin(person, page, flags, target);
  await land(person, page, flags, target);

  const app = await leave(person, page, new URL('/.doorward/logout', flags.app));
  const cookiesAfterSignOut = await person.cookies();
  const reopened = await report(person, page, await person.visit(page, target), 'reopened');
  const silently = reopened.kind !== 'login';
  if (silently) await expectLanded(page, flags, target, reopened);
  else await land(person, page, flags, target);

  const everywhere = await leave(person, page, new URL('/.doorward/logout?everywhere', flags.app));
  const cookiesAfterEverywhere = await person.cookies();
  const last = await report(person, page, await person.visit(page, target), 'reopened-after-everywhere');
  expect(last.kind === 'login', 'signed out everywhere, the app has to lead to the login form');
  return {
    asked: app.asked,
    signed_out: app.done,
    reopened,
    silently_signed_in: silently,
    asked_everywhere: everywhere.asked,
    signed_out_everywhere: everywhere.done,
    reopened_after_everywhere: last,
    cookies_after_sign_out: cookiesAfterSignOut,
    cookies_after_everywhere: cookiesAfterEverywhere,
  };
}

async function twoTabs(person, flags) {
  const targets = [address(flags), new URL(flags['second-path'], flags.app).href];
  const pages = [await person.tab(), await person.tab()];
  const logins = [];
  for (const [tab, page] of pages.entries()) {
    logins.push(await openLogin(person, page, flags, targets[tab]));
  }
  const landed = [];
  for (const [tab, page] of pages.entries()) {
    await page.bringToFront();
    landed.push(await land(person, page, flags, targets[tab]));
  }
  return { logins, landed };
}

async function abandoned(person, flags) {
  const times = Number(flags.times);
  const page = await person.tab();
  const statuses = {};
  let target;
  for (let time = 1; time <= times; time += 1) {
    const separator = flags.path.includes('?') ? '&' : '?';
    target = new URL(`${flags.path}${separator}abandoned=${time}`, flags.app).href;
    const status = await person.visit(page, target);
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (time === times) await openedLogin(person, page, flags, status);
  }
  const bytes = {};
  const counts = {};
  for (const { host, size } of await person.cookies()) {
    // As sent: `name=value`, with `; ` between.
    bytes[host] = (bytes[host] ?? -2) + size + '=; '.length;
    counts[host] = (counts[host] ?? 0) + 1;
  }
  const landed = flags.username === undefined ? null : await land(person, page, flags, target);
  return { times, statuses, bytes_per_host: bytes, cookies_per_host: counts, landed };
}

const address = (flags) => new URL(flags.path, flags.app).href;

/** Opens `target` anonymously, which has to lead to the login form on another origin. */
async function openLogin(person, page, flags, target) {
  const status = await person.visit(page, target);
  return openedLogin(person, page, flags, status);
}

async function openedLogin(person, page, flags, status) {
  const seen = await report(person, page, status, 'login');
  expect(seen.kind === 'login', `expected the login form, got "${seen.heading}" (HTTP ${status})`);
  expect(
    new URL(seen.url).origin !== new URL(flags.app).origin,
    'the login form has to be at the login origin, not at the app',
  );
  return seen;
}

/** Signs in, which has to end at exactly `target`. */
async function land(person, page, flags, target) {
  const status = await person.signIn(page, flags.username, flags.password);
  const seen = await report(person, page, status, 'landed');
  await expectLanded(page, flags, target, seen);
  return seen;
}

async function expectLanded(page, flags, target, seen) {
  expect(seen.url === target, `expected to land at ${target}, but it was ${seen.url} ("${seen.heading}")`);
  const text = flags['expect-text'] ?? flags.username;
  const body = await page.locator('body').innerText();
  expect(body.includes(text), `the page does not show "${text}"`);
}

/** Signs out at `url` by its page. */
async function leave(person, page, url) {
  const asked = await report(person, page, await person.visit(page, url.href), 'sign-out');
  step(`signing out at ${url.href}`);
  const status = await person.press(page, page.getByRole('button', { name: 'Sign out', exact: true }));
  const done = await report(person, page, status, 'signed-out');
  expect(status < 400, `signing out gave HTTP ${status}`);
  return { asked, done };
}

async function report(person, page, status, name) {
  const { text: _, ...seen } = await look(page);
  await person.shoot(page, name);
  return { ...seen, status };
}

function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

await cli(import.meta.url, options, async (flags) => {
  required(flags, 'scenario', 'app');
  const scenario = scenarios[flags.scenario];
  if (!scenario) throw new UsageError(`no scenario ${flags.scenario}`);
  if (scenario !== abandoned) required(flags, 'username', 'password');
  const person = await open({
    screenshots: flags.screenshots,
    javaScript: !flags['no-javascript'],
    hosts: [new URL(flags.app).hostname],
    timeoutMs: flags.timeoutMs,
  });
  try {
    const result = await scenario(person, flags);
    person.expectNoProblems();
    return {
      scenario: flags.scenario,
      ...result,
      hops: await person.trace(),
      cookies: await person.cookies(),
      problems: person.problems,
      console_errors: person.consoleErrors,
    };
  } catch (error) {
    for (const page of person.context.pages()) await person.shoot(page, 'failure');
    error.page ??= await lookSafely(person);
    throw error;
  } finally {
    await person.close();
  }
});
