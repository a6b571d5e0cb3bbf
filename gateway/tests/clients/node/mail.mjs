// A mail server on loopback (smtp-server), which takes one mail and tells what is in it (postal-mime).
//
// node mail.mjs --port PORT [--mode plain|starttls|tls] [--cert FILE --key FILE] [--username U --password P]
//
// Prints `ready` when it listens, and one line of JSON when a mail has come: how it came, who may have it, and its parts.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

const string = { type: 'string' };
const { values: flags } = parseArgs({
  options: { port: string, mode: { ...string, default: 'plain' }, cert: string, key: string, username: string, password: string },
});
const tls = flags.mode === 'plain' ? {} : { cert: readFileSync(flags.cert), key: readFileSync(flags.key) };

const server = new SMTPServer({
  ...tls,
  secure: flags.mode === 'tls',
  hideSTARTTLS: flags.mode !== 'starttls',
  authOptional: !flags.username,
  onAuth({ username, password }, _session, done) {
    const right = username === flags.username && password === flags.password;
    done(right ? null : new Error('wrong user name or password'), { user: username });
  },
  onMailFrom({ address }, session, done) {
    const secure = flags.mode === 'plain' || session.secure;
    done(secure ? null : new Error(`${address} must not be told in clear`));
  },
  async onData(stream, session, done) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const { subject, text, html, from } = await PostalMime.parse(Buffer.concat(chunks));
    const to = session.envelope.rcptTo.map(({ address }) => address);
    done();
    const told = { secure: session.secure, user: session.user, from: from.address, to, subject, text, html };
    process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit(0));
  },
});
// A client that does not believe the certificate goes away.
server.on('error', ({ message }) => process.stderr.write(`${message}\n`));
server.listen(Number(flags.port), '127.0.0.1', () => process.stdout.write('ready\n'));
setTimeout(() => process.exit(1), 60_000);
