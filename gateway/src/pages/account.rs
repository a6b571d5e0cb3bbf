//! What a person can see and change of their own account: password, passkeys, time-based codes, recovery codes.

mod codes;
mod password;

pub use codes::{RecoveryCodesPage, TotpPage, recovery_codes, totp};
pub use password::{PasswordPage, password};

use super::Look;
use super::layout::{Here, Width, document_of_person};
use super::parts::{PasskeyOffer, done, form, link_button, passkey_button, problem, title};
use super::text::{label, strong};
use super::time::moment;
use maud::{Markup, html};

/// The overview.
#[derive(Clone, Copy, Debug)]
pub struct AccountPage<'a> {
    /// Who is signed in.
    pub person: &'a str,
    /// What was just done.
    pub done: Option<AccountDone>,
    /// What was not done, and why: the id of a text.
    pub problem: Option<&'a str>,
    /// What the account has of its own; `None` if the person came by an identity provider alone.
    pub own: Option<OwnAccount<'a>>,
    /// The identity providers by which the person comes, as people call them.
    pub providers: &'a [&'a str],
    /// Where the forms are posted: `act` with `passkey`.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// Where the password is changed and codes are set up.
    pub links: AccountLinks<'a>,
}

/// The pages of an account.
#[derive(Clone, Copy, Debug)]
pub struct AccountLinks<'a> {
    /// Changes the password.
    pub password: &'a str,
    /// Sets up time-based codes.
    pub totp: &'a str,
}

/// What a local account has.
#[derive(Clone, Copy, Debug)]
pub struct OwnAccount<'a> {
    /// It has a password.
    pub password: bool,
    /// Since when it has time-based codes (RFC 3339).
    pub totp: Option<&'a str>,
    /// Recovery codes that are left; `None` where none are needed.
    pub recovery_codes: Option<u32>,
    /// Its passkeys.
    pub passkeys: &'a [PasskeyLine<'a>],
    /// How to add one; `None` where passkeys cannot work.
    pub add_passkey: Option<PasskeyOffer<'a>>,
}

/// A passkey on the list.
#[derive(Clone, Copy, Debug)]
pub struct PasskeyLine<'a> {
    /// Sent as the hidden field `passkey`.
    pub id: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// When it was added (RFC 3339).
    pub since: &'a str,
    /// When it was used last.
    pub last_used: Option<&'a str>,
}

/// Something that was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountDone {
    /// The password is another now.
    PasswordChanged,
    /// Time-based codes are asked for from now on.
    TotpOn,
    /// They are not any more.
    TotpOff,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
}

/// The page of an account.
#[must_use]
pub fn account(look: &Look<'_>, page: &AccountPage<'_>) -> String {
    let heading = look.say("your-account");
    let content = html! {
        h1 { (heading) }
        p.aside { (look.html("signed-in-as", &[("person", strong(page.person))])) }
        @if let Some(what) = page.done { (done(&look.say(done_text(what)))) }
        @if let Some(why) = page.problem { (problem(&look.say(why))) }
        @if let Some(own) = &page.own { (own_account(look, page, own)) }
        @for provider in page.providers {
            section.setting {
                h2 { (look.html("account-provider", &[("provider", html! { bdi { (label(provider)) } })])) }
                p.aside { (look.say("account-provider-help")) }
            }
        }
    };
    let title = title(look, &heading, page.problem.is_some());
    document_of_person(look, Here::Account, Width::Wide, &title, &content)
}

fn done_text(what: AccountDone) -> &'static str {
    match what {
        AccountDone::PasswordChanged => "account-password-changed",
        AccountDone::TotpOn => "account-totp-on",
        AccountDone::TotpOff => "account-totp-off",
        AccountDone::PasskeyAdded => "account-passkey-added",
        AccountDone::PasskeyRemoved => "account-passkey-removed",
    }
}

fn own_account(look: &Look<'_>, page: &AccountPage<'_>, own: &OwnAccount<'_>) -> Markup {
    html! {
        section.setting {
            h2 { (look.say("login-password")) }
            p.aside { (look.say(if own.password { "account-has-password" } else { "account-no-password" })) }
            (link_button(page.links.password, &look.say(if own.password { "account-change-password" } else { "account-set-password" })))
        }
        (passkeys(look, page, own))
        section.setting {
            h2 { (look.say("account-totp")) }
            @if let Some(since) = own.totp {
                p.aside { (look.html("account-totp-since", &[("at", moment(look, since))])) }
                (act(page, "remove_totp", None, &html! {
                    button.quiet type="submit" { (look.say("account-totp-remove")) }
                }))
            } @else {
                p.aside { (look.say("account-totp-help")) }
                (link_button(page.links.totp, &look.say("account-totp-add")))
            }
        }
        @if let Some(left) = own.recovery_codes {
            section.setting {
                h2 { (look.say("account-recovery")) }
                p.aside { (look.say_with("account-recovery-left", &[("count", left.into())])) }
                (act(page, "renew_recovery_codes", None, &html! {
                    button.quiet type="submit" { (look.say("account-recovery-new")) }
                }))
            }
        }
    }
}

fn passkeys(look: &Look<'_>, page: &AccountPage<'_>, own: &OwnAccount<'_>) -> Markup {
    html! {
        section.setting {
            h2 { (look.say("account-passkeys")) }
            p.aside { (look.say("account-passkeys-help")) }
            @if !own.passkeys.is_empty() {
                ul.held { @for line in own.passkeys { (passkey(look, page, line)) } }
            }
            @if let Some(offer) = &own.add_passkey {
                (passkey_button(offer, "enrol", &look.say("account-passkey-add"), &look.say("passkey-failed")))
                noscript { p.aside.fine { (look.say("passkey-needs-script")) } }
            } @else {
                p.aside.fine { (look.say("account-passkeys-off")) }
            }
        }
    }
}

fn passkey(look: &Look<'_>, page: &AccountPage<'_>, line: &PasskeyLine<'_>) -> Markup {
    let at = |at| [("at", html! { span.when { (moment(look, at)) } })];
    let id = format!("passkey-{}", line.id);
    let remove = html! {
        button.quiet type="submit" aria-describedby=(id) { (look.say("account-passkey-remove")) }
    };
    html! {
        li {
            div {
                bdi { strong id=(id) { (label(line.name)) } }
                small { (look.html("connected-since", &at(line.since))) }
                @if let Some(last) = line.last_used { small { (look.html("connected-last-used", &at(last))) } }
            }
            (act(page, "remove_passkey", Some(line.id), &remove))
        }
    }
}

fn act(page: &AccountPage<'_>, name: &str, passkey: Option<&str>, content: &Markup) -> Markup {
    form(
        page.action,
        page.form_token,
        &html! {
            input type="hidden" name="act" value=(name);
            @if let Some(id) = passkey { input type="hidden" name="passkey" value=(id); }
            (content)
        },
    )
}
