// A person with a passkey, in Chromium with a virtual authenticator (CDP WebAuthn).
//
//   node passkey.mjs --login URL --username U --password P
//
// Signs in by the password, adds a passkey at the account page, signs out, signs in by the passkey alone, removes it, signs
// out, and tries the passkey again. Prints {added, codes, signed_in, removed, refused}.

import { cli, required, step } from './common.mjs';
import { open } from './driver.mjs';

const options = { login: { type: 'string' }, username: { type: 'string' }, password: { type: 'string' } };

await cli(import.meta.url, options, async (flags) => {
  required(flags, 'login', 'username', 'password');
  const { login, username, password } = flags;
  const person = await open({ ...flags, hosts: [new URL(login).hostname] });
  try {
    const page = await person.tab();
    const client = await page.context().newCDPSession(page);
    await client.send('WebAuthn.enable');
    await client.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    const heading = () => page.locator('h1').first().innerText();
    const button = page.locator('#passkey-button');
    const press = () => Promise.all([page.waitForNavigation(), button.click()]);
    const signOut = async () => {
      await page.goto(`${login}/.doorward/logout?everywhere`);
      await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Sign out' }).click()]);
    };

    step('signing in by the password');
    await page.goto(`${login}/.doorward/account`);
    await person.signIn(page, username, password);
    step('adding a passkey');
    await press();
    const added = await heading();
    const codes = await page.locator('.codes li').count();

    step('signing in by the passkey');
    await signOut();
    await page.goto(`${login}/.doorward/account`);
    await press();
    const signedIn = await heading();

    step('removing the passkey');
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Remove' }).first().click()]);
    const removed = await page.locator('[role="status"]').innerText();
    await signOut();
    await page.goto(`${login}/.doorward/account`);
    step('trying the passkey again');
    await press();
    const refused = await page.locator('[role="alert"]').first().innerText();
    return { added, codes, signed_in: signedIn, removed, refused };
  } finally {
    await person.close();
  }
});
