//! The last page of a sign-in in a window that an app's page opened.

use super::Look;
use super::layout::{Width, document};
use super::text::strong;
use maud::{PreEscaped, html};

/// What the window says, and tells the page that opened it.
#[derive(Clone, Copy, Debug)]
pub struct PopupPage<'a> {
    /// The app's name.
    pub app: &'a str,
    /// The script that tells the page and closes the window, as hashed in the content security policy; ours alone.
    pub script: &'a str,
}

/// The page that says that the window can be closed.
#[must_use]
pub fn popup(look: &Look<'_>, page: &PopupPage<'_>) -> String {
    let heading = look.say("signed-in-heading");
    let content = html! {
        h1 { (heading) }
        p { (look.html("popup-close", &[("app", strong(page.app))])) }
        script { (PreEscaped(page.script)) }
    };
    document(look, Width::Narrow, &heading, &content)
}
