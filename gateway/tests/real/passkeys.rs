//! Chromium with a virtual authenticator: a passkey is added, signs in alone, is removed, and signs in no more.

use crate::demo::{ADA, Demo, node};

#[test]
fn a_passkey_signs_in_until_it_is_removed() {
    let demo = Demo::start("15m");
    let login = demo.app.replace("127.0.0.1", "localhost");
    let told = node("passkey.mjs", &["--login", &login, "--username", ADA, "--password", &demo.password]);
    assert_eq!(told["added"], "Your recovery codes", "{told}");
    assert_eq!(told["codes"], 10, "{told}");
    assert_eq!(told["signed_in"], "Your account", "{told}");
    assert_eq!(told["removed"], "The passkey is removed.", "{told}");
    assert_eq!(told["refused"], "This passkey was not accepted.", "{told}");
}
