// Every page of the gateway, looked at as people meet it: in both languages, by day and by night, on a phone and at a desk.
//
//   node pages.mjs --pages DIR [--screenshots DIR] [--only NAME]
//   node pages.mjs --app URL --login URL --username U --password P
//
// With --pages: the pages that `cargo test -p doorward --lib` writes to target/pages, one folder per language, served on
// loopback under the content security policy that the gateway sends. With --app: the pages of a running gateway.
//
// Every page is held against the rules of axe-core (WCAG 2.2 A and AA, and what it calls best practice), must not scroll
// sideways (not on 320 pixels either, nor with text of double size, nor from right to left), load nothing from elsewhere,
// break no rule of its policy, be reached by the keyboard in the order it is read, and say what it says without script.
//
// Flags:
//   --pages DIR        the folder of the pages
//   --screenshots DIR  saves PAGE-{phone,desktop}-{light,dark}.png of the English pages there
//   --only NAME        one page alone
//   --app, --login     the public URL of an app, and the login origin
//   --timeout SECONDS  for all of it (300)
//
// Prints {pages, looks, problems}; any problem is a failure. Exit codes: 0 done, 1 failed, 2 usage.

import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { cli, required, step, UsageError } from './common.mjs';
import { open } from './driver.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const LANGUAGES = ['en', 'de'];
const VIEWPORTS = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 900 } };

const options = {
  pages: { type: 'string' },
  screenshots: { type: 'string' },
  only: { type: 'string' },
  app: { type: 'string' },
  login: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
};

/** Serves the written pages as the gateway would. */
async function serve(folder) {
  const style = readFileSync(join(folder, 'style-source.txt'), 'utf8');
  const script = readFileSync(join(folder, 'script-source.txt'), 'utf8');
  const policy =
    `default-src 'none'; style-src ${style}; script-src 'self' ${script}; img-src 'self'; ` +
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
  const server = createServer((request, response) => {
    const [, lang, file] = /^\/(en|de)\/([\w-]+\.html)$/.exec(request.url) ?? [];
    if (lang) {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.setHeader('content-security-policy', policy);
      response.end(readFileSync(join(folder, lang, file)));
    } else {
      // The pages name scripts and links of a gateway that does not run.
      response.setHeader('content-type', 'text/javascript');
      response.end('');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** What is wrong with the page that a tab shows, in sentences. */
async function inspect(page, name) {
  const found = [];
  // The script of a passkey shows its button where passkeys work: it is looked at, too.
  await page.evaluate(() => document.getElementById('passkey')?.removeAttribute('hidden'));
  await page.evaluate(AXE);
  const result = await page.evaluate(
    (values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }),
    RULES,
  );
  for (const rule of result.violations) {
    const where = rule.nodes.map((node) => node.html.slice(0, 120)).join(' | ');
    found.push(`${name}: ${rule.id}: ${rule.help}: ${where}`);
  }
  if (await scrollsSideways(page)) found.push(`${name}: scrolls sideways`);
  return found;
}

const scrollsSideways = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** The page at 320 pixels (WCAG 1.4.10), and with text of double size on half of the width (1.4.4). */
async function squeeze(page, name) {
  const found = [];
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  if (await scrollsSideways(page)) found.push(`${name}: scrolls sideways at 320 pixels`);
  await page.setViewportSize({ width: 640, height: 640 });
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  if (await scrollsSideways(page)) found.push(`${name}: scrolls sideways with text of double size`);
  await page.evaluate(() => (document.documentElement.style.fontSize = ''));
  await page.setViewportSize({ width: 360, height: 640 });
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  if (await scrollsSideways(page)) found.push(`${name}: scrolls sideways from right to left`);
  await page.evaluate(() => (document.documentElement.dir = 'ltr'));
  await page.setViewportSize(before);
  return found;
}

/** Whether Tab goes through everything that can be used, in the order of the document, and shows where it is. */
async function tabThrough(page, name) {
  const count = await page.evaluate(() => {
    const usable = 'a[href], button, input:not([type=hidden]), summary';
    const all = [...document.querySelectorAll(usable)].filter((element) => element.checkVisibility());
    all.forEach((element, index) => (element.dataset.order = index));
    document.activeElement?.blur();
    return all.length;
  });
  const visited = [];
  for (let presses = 0; presses < count + 2 && visited.length < count; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const { activeElement: element } = document;
      if (!element?.dataset?.order) return null;
      return { order: Number(element.dataset.order), outline: getComputedStyle(element).outlineStyle };
    });
    if (at === null) continue;
    if (at.outline === 'none') return [`${name}: the focus cannot be seen at ${at.order}`];
    visited.push(at.order);
  }
  // An element with autofocus is where the round begins.
  const begin = visited.indexOf(0);
  const round = [...visited.slice(begin), ...visited.slice(0, begin)];
  const inOrder = round.length === count && round.every((order, index) => order === index);
  return inOrder ? [] : [`${name}: Tab goes ${visited.join(', ')} through ${count} elements`];
}

async function lookAtWritten(flags) {
  const server = await serve(flags.pages);
  const names = readdirSync(join(flags.pages, 'en'))
    .map((file) => file.replace(/\.html$/, ''))
    .filter((name) => flags.only === undefined || name === flags.only);
  if (names.length === 0) throw new UsageError(`no pages in ${flags.pages}`);
  if (flags.screenshots) mkdirSync(flags.screenshots, { recursive: true });
  const problems = [];
  let looks = 0;
  const settings = LANGUAGES.flatMap((lang) =>
    ['light', 'dark'].flatMap((scheme) => Object.keys(VIEWPORTS).map((size) => ({ lang, scheme, size }))),
  );
  const look = async ({ lang, scheme, size }) => {
    const person = await open({ viewport: VIEWPORTS[size], colorScheme: scheme, timeoutMs: flags.timeoutMs });
    const page = await person.tab();
    for (const name of names) {
      step(`looking at ${lang}/${name} (${scheme}, ${size})`);
      const called = `${lang}/${name} (${scheme}, ${size})`;
      await page.goto(`${server.origin}/${lang}/${name}.html`);
      if (flags.screenshots && lang === 'en') {
        const path = join(flags.screenshots, `${name}-${size}-${scheme}.png`);
        await page.screenshot({ path, fullPage: true });
      }
      problems.push(...(await inspect(page, called)));
      if (scheme === 'light' && size === 'desktop') {
        problems.push(...(await squeeze(page, called)), ...(await tabThrough(page, called)));
      }
      looks += 1;
    }
    for (const [kind, all] of Object.entries(person.problems)) problems.push(...all.map((one) => `${kind}: ${one}`));
    await person.close();
  };
  // Two at a time: more would only wait for each other.
  const queue = [...settings];
  const worker = async () => {
    while (queue.length > 0) await look(queue.shift());
  };
  await Promise.all([worker(), worker()]);
  problems.push(...(await withoutScript(server.origin, names, flags)));
  server.close();
  return { pages: names.length, looks, problems };
}

/** Without script a page says the same: only what needs one stays hidden. */
async function withoutScript(origin, names, flags) {
  const person = await open({ javaScript: false, timeoutMs: flags.timeoutMs });
  const page = await person.tab();
  const found = [];
  for (const name of names) {
    await page.goto(`${origin}/en/${name}.html`);
    if (!(await page.locator('h1').isVisible())) found.push(`${name}: shows nothing without script`);
    const passkey = page.locator('#passkey');
    if ((await passkey.count()) > 0 && (await passkey.isVisible())) found.push(`${name}: offers a passkey without script`);
  }
  await person.close();
  return found;
}

async function lookAtRunning(flags) {
  required(flags, 'login', 'username', 'password');
  const problems = [];
  let looks = 0;
  const visits = ['login', 'apps', 'account', 'account/password', 'account/totp', 'connected', 'device', 'logout'];
  const person = await open({ viewport: VIEWPORTS.phone, hosts: [new URL(flags.app).hostname], timeoutMs: flags.timeoutMs });
  const page = await person.tab();
  const see = async (name) => {
    problems.push(...(await inspect(page, name)));
    looks += 1;
  };
  await page.goto(new URL('/.doorward/nothing', flags.app).href);
  await see('nothing');
  await page.goto(flags.app);
  await see('sign in');
  await person.signIn(page, flags.username, flags.password);
  for (const name of visits) {
    await page.goto(new URL(`/.doorward/${name}`, flags.login).href);
    await see(name);
  }
  for (const [kind, all] of Object.entries(person.problems)) problems.push(...all.map((one) => `${kind}: ${one}`));
  await person.close();
  return { pages: looks, looks, problems };
}

await cli(import.meta.url, options, async (flags) => {
  if (!flags.pages && !flags.app) throw new UsageError('missing --pages or --app');
  const result = flags.pages ? await lookAtWritten(flags) : await lookAtRunning(flags);
  if (result.problems.length > 0) {
    throw new Error(`${result.problems.length} problems:\n${[...new Set(result.problems)].slice(0, 40).join('\n')}`);
  }
  return result;
});
