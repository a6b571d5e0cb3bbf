# The texts of all pages in English (https://projectfluent.org/fluent/guide/). Every language has the same messages with
# the same variables. What is in quotes here is a button's or a page's own name.

# Which way the language is read: ltr or rtl.
text-direction = ltr

## Words that several pages use

# $page is a page's heading. Titles say first that something went wrong.
title-of-error = Error: { $page }
decision-id = Decision id
decision-help = Give this id to whoever runs the app. It tells them exactly what happened.
unnamed-client = An unnamed client
signed-in-as = You are signed in as { $person }.
sign-in = Sign in
sign-out = Sign out
sign-in-again = Sign in again
continue = Continue
what-is-connected = What is connected
your-apps = Your apps

## Times

month = { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
# $month is the name of the month.
day = { $day } { $month } { $year }
moment = { $day } { $month } { $year }, { $hour }:{ $minute } UTC
# How long something lasts: "for { … }".
lasting-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
lasting-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
lasting-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
lasting-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
# After how long something is: "in { … }", "{ … } ago".
after-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
after-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
after-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
after-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}

## Signing in

login-to-app = Sign in to { $app }
login-sent-by = A program that calls itself { $client } sent you here. After you sign in, you decide what it may do.
login-username = E-mail address
login-password = Password
login-wrong = Wrong e-mail address or password.
login-too-many = Too many attempts. Try again in { $time }.
login-expired = This page was open for too long. Please sign in again.

## A client asks to use an app

consent-title = Allow access to { $app }?
consent-heading = { $client } wants to use { $app } as you
consent-you = You are
consent-who = Who asks
consent-website = Says its web site is { $host }
consent-vouched = Vouched for by
consent-unverified = Unverified
consent-nobody = Nobody: it registered itself
consent-document = Describes the client on this web site
consent-pinned = Describes the client on this web site; it is one that this gateway knows
consent-administrator = Registered by an administrator
consent-any-program = Any program on this computer can say that it is this client
consent-answer = Answer goes to
consent-this-computer = A program on this computer
consent-device = Device shows
consent-device-compare = If it shows another code, deny.
consent-asked-from = Asked from
consent-asked-ago = { $address }, { $time } ago
consent-elsewhere = Elsewhere
consent-not-here = That is not where you are: you come from { $address }
consent-same-network = The network that you are in
consent-so-far = So far
consent-first-seen = You first let it in on { $day }
consent-new = New to you
consent-not-before = not let in here before
consent-app = App
consent-did-you-start = Did you just start this yourself?
consent-loopback = Any program on this computer could be the one asking. If you did not, deny.
consent-device-question = Did you start this yourself, on a device in front of you?
consent-device-danger = If somebody sent you the code or a link, deny: they would come in as you.
consent-device-network = The device that asks is in another network than you. If you think that it stands next to you, deny too.
consent-scopes = It may
consent-includes = With: { $scopes }
consent-duration = For how long
consent-stay = Stay connected for { $time }, or until you take it back
consent-without = Without it: { $time }, then it has to ask you again
consent-until = { $time }, or until you take it back
consent-nothing-ticked = Tick at least one thing that it may do, or press Deny.
# What the scope “access” stands for, which every app has.
consent-access = Use the app as you
consent-deny = Deny
consent-allow = Allow

## Letting a device in

device-heading = Let a device in
device-enter = Enter the code that your device or program shows.
device-code = Code
device-sent-to-you = Did somebody send you this code, or the link to this page?
device-danger = Then close it: whoever sent it would come in as you. Go on only with a code that you yourself asked for.
device-unknown = This code is not known, or no longer good. Look again, or let your device show a new one.
device-too-many = Too many codes were tried. Try again in { $time }.
device-expired = This page was open for too long. Please send the code again.
device-allowed = Go back to your device
device-goes-on = It may use { $app } as you now, and goes on by itself within seconds.
device-close = You can close this page.
device-denied = The device was not let in
device-gets-nothing = It gets nothing of { $app }.
device-tell = If you did not start this yourself, somebody tried to come in as you. Tell whoever runs the app, and whom the code came from.

## What is connected

connected-intro = What you, { $person }, have let in. Whatever you revoke ends at once.
connected-browsers = Signed-in browsers
connected-browsers-help = Revoking a browser signs it out of all apps. Revoking one app signs out there, until it is opened again.
connected-sign-out-elsewhere = Sign out in all other browsers
connected-agents = Connected agents
connected-no-agent = No agent can act for you.
connected-agents-help = An agent gave its name itself. If you do not know it, revoke it.
connected-this-browser = This browser
connected-another-browser = Another browser
connected-app-in-this = { $app } in this browser
connected-app-in-another = { $app } in another browser
connected-scopes = May use { $scopes }
connected-answers = Answers go to { $hosts }
connected-since = Since { $at }
connected-until = until { $at }
connected-last-used = Last used { $at }
connected-last-from = from { $address }
connected-last-by = from { $address } by { $agent }
connected-revoke = Revoke
connected-revoke-all = Revoke all
connected-revoke-app = Revoke all agents here
notice-label = Security notice
notice-code = An old sign-in code was used again
notice-token = An old token was used again
notice-whose = It was that of { $client } for { $app }, on { $at }.
notice-from = It came from { $address }.
notice-from-agent = It came from { $address } ({ $agent }).
notice-ended = The access was ended.
notice-help = It may be the program itself, after a restored backup or on a second machine. If you do not know that address, somebody may have copied its tokens: look over the machine where it runs, and tell whoever runs this app. To go on, connect the program again.
notice-dismiss = I have read this

## After signing in, and signing out

signed-in-heading = You are signed in
logout-everywhere = Sign out everywhere?
logout-of-app = Sign out of { $app }?
logout-heading = Sign out?
logout-every-app = This signs you out of every app.
signed-out-heading = You are signed out
signed-out-everywhere = You are signed out of every app.
signed-out-of-app = You are signed out of { $app }. You may still be signed in to other apps.

## A policy said no

refused-app = You cannot open { $app }
refused-page = You cannot open this page
refused-no-rule = No rule of this app lets you in.
refused-blocked = A rule of this app blocks you.
refused-account-disabled = Your account is disabled.
refused-identity-provider = This app does not accept the way you signed in.
refused-needs-methods = This app needs a stronger sign-in, by { $methods }. What you signed in with is not enough.
refused-needs-fresh = This app needs a sign-in that is not older than { $age }. Yours is.
refused-needs-both = This app needs a sign-in by { $methods } that is not older than { $age }. Yours is not enough.
# What people call the ways to prove who they are.
method-pwd = a password
method-otp = a code
method-hwk = a passkey or security key
method-fpt = fingerprint or face
method-mfa = a second step
method-other = another proof
refused-someone-else = Sign in as someone else

## Something is wrong. The value is the title; the sentence says what happened.

error-status = Error { $status }
# In front of what is only there in English, for whoever looks into it.
error-detail = In detail:
problem-malformed = The request cannot be read
    .sentence = It could be read in two ways or makes no sense, so nothing was done with it.
problem-misdirected = This connection is for another host
    .sentence = A client certificate counts for the host alone that the connection was made to. Close the browser and open the page again.
problem-too-large = The request is too large
    .sentence = A part of the request is larger than is read here.
problem-too-slow = The request was not complete
    .sentence = The request came too slowly.
problem-nothing-here = Nothing here
    .sentence = There is nothing at this address.
problem-wrong-method = Not possible here
    .sentence = This page does not know the method.
problem-unavailable = Not available now
    .sentence = The gateway cannot answer now. Try again in a moment.
problem-too-many-requests = Too many requests
    .sentence = There were too many requests of yours in a short time. Wait a minute and try again.
problem-cross-origin = Not from here
    .sentence = The request came from a page of another site, so it was not passed on.
problem-upstream-timeout = The app does not answer
    .sentence = The app took too long to answer.
problem-upstream-failed = The app does not answer
    .sentence = The app behind this gateway could not be reached.
problem-permission-ended = Access has ended
    .sentence = Your permission for this app ended while the app was still working on this.
problem-going-away = Not available now
    .sentence = The gateway is restarting. Try again in a moment.
problem-maintenance = The app is closed for now
    .sentence = It is being worked on. Try again later.
problem-internal = The app does not answer
    .sentence = The gateway failed to handle the request.
problem-foreign-form = Nothing was done
    .sentence = This form is not from here.
problem-oauth = The app's request cannot be granted
    .sentence = The program that sent you here asked for something that it cannot get. Tell whoever made or set up the program.
problem-not-revoked = Nothing was revoked
    .sentence = This form is not from here, or too old. Open the page again.
problem-not-signed-out = Not signed out
    .sentence = This form is not from here, or too old. Open the sign-out page again.
problem-sign-in-not-begun = Not signed in
    .sentence = This sign-in was not begun in this browser, or too long ago. Open the app again.
problem-sign-in-app-gone = Not signed in
    .sentence = This app is no longer here.
problem-sign-in-two-cookies = Not signed in
    .sentence = Your browser has two cookies of the same name for this site. Delete the cookies of this site, then open the app again.
problem-sign-in-failed = Not signed in
    .sentence = You were not signed in. Open the app again.

## Parts of several pages

form-expired = This page was open for too long. Please send it again.
start-over = Start over
navigation = Your pages
nav-apps = Apps
nav-account = Account
nav-connected = Connected
your-account = Your account
passkey-sign-in = Sign in with a passkey
passkey-use = Use a passkey
passkey-failed = That did not work. Try again, or choose another way.
passkey-refused = This passkey was not accepted.
passkey-needs-script = Adding a passkey needs JavaScript.
code-wrong = This code is wrong, or was used already.
code-expired = This page was open for too long. Start over to get a new code.

## More ways to sign in

login-or = or
login-with = Continue with { $provider }
login-send-code = Send me a code
login-send-code-instead = Send me a code by e-mail
login-fresher = For this, please sign in once more.
login-stronger = This needs a stronger sign-in, with a second step.
login-not-admitted = This app does not accept the way you signed in. Choose another one.
login-no-address = This is no e-mail address.
login-no-way = There is no way to sign in for this app. Tell whoever runs it.
second-heading = One more step
second-person = You are signing in as { $person }.
second-code = Code from your authenticator app
second-recovery = Use a recovery code
second-recovery-code = Recovery code
mailed-heading = Look into your mail
mailed-sent = If { $address } may sign in here, a code of six digits is on its way there. It is good for { $time }, once.
mailed-again = A new code is on its way. Earlier ones are no longer good.
mailed-code = Code
mailed-resend = Send a new code
mailed-help = No mail? Look into the spam folder, and whether the address is right.

## Passwords and invitations

password-current = Password you have now
password-new = New password
password-again = New password once more
password-help = At least { $least } characters. A few words that do not belong together are easy to keep and hard to guess.
password-different = The two passwords are not the same.
password-wrong = The password that you have now is another one.
invitation-heading = Welcome
invitation-welcome = You have been invited as { $person }. Choose a password to sign in with.
invitation-reset-heading = Set a new password
invitation-reset = For { $person }. Afterwards you are signed out everywhere else.
invitation-submit = Set the password
invitation-over-heading = This link is no longer good
invitation-over = It was used already, or is too old. Ask for a new one where you got it.
forgotten-heading = Forgotten your password?
forgotten-intro = Enter your address. If there is an account, a link to set a new password is sent there.
forgotten-submit = Send the link
forgotten-sent = If { $address } has an account here, a link is on its way. It is good once, for a short time.

## The account

account-has-password = You can sign in with your password.
account-no-password = You have no password. You sign in another way.
account-change-password = Change the password
account-set-password = Set a password
account-password-changed = Your password is changed.
account-sign-out-elsewhere = Sign me out everywhere else
account-back = Back to your account
account-passkeys = Passkeys
account-passkeys-help = A passkey signs you in with your fingerprint, your face or the code of your device. Nobody can talk you out of it.
account-passkeys-off = Passkeys work here only over https.
account-passkey-named = Passkey { $number }
account-passkey-add = Add a passkey
account-passkey-added = The passkey is added.
account-passkey-remove = Remove
account-passkey-removed = The passkey is removed.
account-totp = Codes from an authenticator app
account-totp-help = A second step: after your password, an app on your phone shows you a code.
account-totp-since = On since { $at }. You are asked for a code after your password.
account-totp-add = Set up codes from an app
account-totp-remove = Turn off codes
account-totp-on = Codes are turned on.
account-totp-off = Codes are turned off.
account-recovery = Recovery codes
account-recovery-left = { $count ->
    [0] You have no recovery code left. Make new ones, so that you can still come in without your phone.
    [one] You have { $count } recovery code left. Make new ones soon.
   *[other] You have { $count } recovery codes left, for when your phone is not at hand.
}
account-recovery-new = Make new recovery codes
account-provider = You come by { $provider }
account-provider-help = Your password and second step are kept there, and changed there.
totp-scan = Scan this picture with an authenticator app, then enter the code that it shows.
totp-qr = Code to scan with an authenticator app
totp-type = No camera? Type it in
totp-code = Code from the app
totp-submit = Turn on codes
recovery-heading = Your recovery codes
recovery-keep = Each signs you in once, in place of a code from your app. Keep them where you find them without your phone: on paper, or in a password manager.
recovery-once = You see them only now.
recovery-replaced = Earlier recovery codes are no longer good.
recovery-kept = I have kept them

## Apps, and windows that are done

apps-none = There is no app here that you may open.
popup-close = { $app } goes on by itself. You can close this window.

## A session that ended while something was sent

ended-heading = Your session has ended
ended-not-passed-on = What you just sent was not passed on to { $app }.
ended-go-back = Sign in in a new tab. Then come back to this one and use your browser's back button: your browser still has what you entered.
ended-first = Sign in in a new tab, then come back to this one.
ended-then = Send it again. It is only kept on this page.
ended-sign-in = Sign in in a new tab
ended-send-again = Send again

## A sign-in by an identity provider that failed

provider-heading = Signing in with { $provider } did not work
provider-down = { $provider } cannot be reached or does not answer as it should. Try again in a few minutes. If it stays like this, tell whoever runs this gateway.
provider-untrusted = The answer of { $provider } could not be trusted, so nobody was signed in. Tell whoever runs this gateway.
provider-refused = { $provider } did not let you in, or you stopped there.
provider-not-begun = This sign-in was not begun in this browser, or too long ago.
provider-too-many-groups = { $provider } sent more groups than it can tell, so it is not known what you may do. Tell whoever runs this gateway.
provider-disabled = Your account is disabled.
provider-not-admitted = This app does not accept people who come by { $provider }.
provider-too-weak = This needs a fresher or stronger sign-in, and { $provider } did not say that yours is.
provider-not-a-member = Only members of certain organisations may sign in with { $provider }.
provider-again = Try again
provider-cancel = Do not sign in

## New passwords

weak-short = The password needs at least { $count } characters.
weak-long = The password may have at most { $count } characters.
weak-guessable = This password is easy to guess.
weak-keyboard = It follows the keys of a keyboard.
weak-repeats = It repeats itself.
weak-common = Many people have this password, or one like it.
weak-sequence = It has letters or digits in their order.
weak-date = It has a year or a date in it.
weak-word = A word or a name is not enough.
weak-advice = Four words that have nothing to do with each other are good; symbols are not needed.

## Letters

letter-code-subject = { $code } is your code for { $place }
letter-code = Your code to sign in to { $place }. It is good for { $time }, once:
letter-asked-from = It was asked for from the network address { $address }.
letter-code-not-you = If that was not you, do nothing: without this code nobody comes in. Give it to nobody.
letter-invitation-subject = You are invited to { $place }
letter-invitation = You have been invited to { $place }. Choose a password to sign in with:
letter-invitation-link = Accept the invitation
letter-reset-subject = Your password for { $place }
letter-reset = Here you set a new password for { $place }:
letter-link-good = The link is good for { $time }, once.
letter-reset-not-you = If that was not you, do nothing: your password stays as it is.
letter-changed-subject = Your password for { $place } was changed
letter-changed = Your password for { $place } was changed just now.
letter-changed-not-you = If that was not you, tell whoever runs this gateway at once.
letter-test-subject = Mails can be sent
letter-test = This mail was sent by “doorward mail test”. Nothing else is to be done.
