// A person at a single-page app (examples/spa) whose session has ended: the page says so, a window lets them sign in, and
// the page goes on without being loaded again.
//
//   node spa.mjs --page URL --username U --password P
//
// Prints {before, window, after, kept, loads, problems}: what the page said before and after, where the window began, and
// whether what was on the page is still there.

import { cli, required, step } from './common.mjs';
import { open } from './driver.mjs';

const options = { page: { type: 'string' }, username: { type: 'string' }, password: { type: 'string' } };

await cli(import.meta.url, options, async (flags) => {
  required(flags, 'page', 'username', 'password');
  const person = await open({ hosts: ['auth.localhost', 'notes.localhost'], timeoutMs: flags.timeoutMs });
  const page = await person.tab();
  let loads = 0;
  page.on('load', () => (loads += 1));
  await person.visit(page, flags.page);
  const status = page.getByRole('status');
  step('waiting for the page to say that nobody is signed in');
  await status.getByText('not signed in').waitFor();
  const before = await status.textContent();
  await page.evaluate(() => (window.typed = 'kept'));
  step('signing in in a window');
  const opened = page.waitForEvent('popup');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const popup = await opened;
  await popup.locator('input[name="username"]').fill(flags.username);
  const window = popup.url();
  await popup.locator('input[name="password"]').fill(flags.password);
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Sign in', exact: true }).click();
  await closed;
  step('waiting for the page to go on');
  await status.getByText('2 notes').waitFor();
  const result = { before, window, after: await status.textContent(), kept: await page.evaluate(() => window.typed), loads };
  return { ...result, problems: person.problems };
});
