//! Accounts: one's own, and the links by which passwords are set.

use super::*;

/// The account of somebody who is signed in.
pub(super) fn own(look: &Look<'_>) -> Vec<(&'static str, String)> {
    let (action, form_token, back) = ("/.doorward/account", "form-token", "/.doorward/account");
    let key =
        PasskeyLine { id: "1", name: "Laptop", since: "2026-05-04T08:00:00Z", last_used: Some("2026-11-21T17:05:00Z") };
    let passkeys = [key, PasskeyLine { id: "2", name: "Phone", last_used: None, ..key }];
    let own = OwnAccount {
        password: true,
        totp: Some("2026-06-01T10:00:00Z"),
        recovery_codes: Some(8),
        passkeys: &passkeys,
        add_passkey: Some(OFFER),
    };
    let bare = OwnAccount { totp: None, recovery_codes: None, passkeys: &[], add_passkey: None, ..own };
    let links = AccountLinks { password: "/.doorward/account/password", totp: "/.doorward/account/totp" };
    let page = AccountPage {
        person: PERSON,
        done: None,
        problem: None,
        own: Some(own),
        providers: &[],
        action,
        form_token,
        links,
    };
    let change = PasswordPage { person: PERSON, ask_current: true, least: 10, action, form_token, problem: None, back };
    let weak = Some(PasswordProblem::Weak("This is a very common password. Add another word or two."));
    let uri =
        "otpauth://totp/Doorward:ada.lovelace%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Doorward";
    let codes: Vec<_> = (1..=10).map(|n| format!("k3f{n}-p9w{n}-x7q{n}")).collect();
    let setup = TotpPage { uri, secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", action, form_token, problem: None, back };
    vec![
        ("account", account(look, &page)),
        (
            "account-bare",
            account(look, &AccountPage { own: Some(bare), done: Some(AccountDone::PasswordChanged), ..page }),
        ),
        ("account-external", account(look, &AccountPage { own: None, providers: &["Example Company"], ..page })),
        ("account-password", password(look, &change)),
        ("account-password-weak", password(look, &PasswordPage { problem: weak, ..change })),
        ("account-totp", totp(look, &setup)),
        ("account-recovery", recovery_codes(look, &RecoveryCodesPage { codes: &codes, back })),
    ]
}

/// What a link leads to, and where one asks for it.
pub(super) fn links(look: &Look<'_>) -> Vec<(&'static str, String)> {
    let (action, form_token) = ("/.doorward/account", "form-token");
    let invited = InvitationPage { person: PERSON, reset: false, least: 10, action, form_token, problem: None };
    let link = ForgottenPage { action, form_token, username: PERSON, sent: false, login: "/.doorward/login" };
    vec![
        ("invitation", invitation(look, &invited)),
        (
            "invitation-reset",
            invitation(look, &InvitationPage { reset: true, problem: Some(PasswordProblem::Different), ..invited }),
        ),
        ("invitation-over", invitation_over(look, "/.doorward/login")),
        ("forgotten", forgotten(look, &link)),
        ("forgotten-sent", forgotten(look, &ForgottenPage { sent: true, ..link })),
    ]
}
