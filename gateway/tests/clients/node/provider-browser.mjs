// Chromium signs in through an identity provider, and out of both: app → gateway → provider → app, then `Sign out` and what the
// provider asks.
//
// node provider-browser.mjs --app URL --login URL [--timeout SECONDS]

import { cli, required, step } from './common.mjs';
import { open } from './driver.mjs';

await cli(import.meta.url, { app: { type: 'string' }, login: { type: 'string' } }, async (flags) => {
  required(flags, 'app', 'login');
  const person = await open({ timeoutMs: flags.timeoutMs });
  try {
    const page = await person.tab();
    step('signing in by the provider');
    const answer = await page.goto(`${flags.app}/notes/one?tab=2`);
    const landed = { url: page.url(), status: answer.status(), text: await page.locator('body').innerText() };
    const hosts = person.hops.map(({ url }) => new URL(url).host);
    step('signing out');
    await page.goto(`${flags.login}/.doorward/logout`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: /sign me out/i }).click();
    await page.waitForURL(/signed-out/);
    const out = { url: page.url().split('?')[0], heading: await page.locator('h1').innerText() };
    const cookies = (await person.context.cookies()).map(({ name, value }) => `${name}=${value}`);
    return { landed, hosts, hops: hosts.length, out, cookies, problems: person.problems };
  } finally {
    await person.browser.close();
  }
});
