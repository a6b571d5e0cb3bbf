//! The list of sessions and agents: a form for each, and nothing on it that an agent could make look like our words.

use super::*;

const GRANT: GrantLine<'static> =
    GrantLine { id: "g_1", since: "2026-11-22T09:30:00Z", until: "2026-12-06T09:30:00Z", last_use: None };

pub(super) fn connected_page<'a>(browsers: &'a [BrowserLine<'a>], apps: &'a [ConnectedApp<'a>]) -> ConnectedPage<'a> {
    ConnectedPage {
        person: "ada@example.com",
        notices: &[],
        browsers,
        apps,
        action: "/.doorward/connected",
        form_token: "form-token",
    }
}

#[test]
fn cn_11_each_line_has_its_own_form() {
    let browsers = [
        BrowserLine { grant: GRANT, app: None, this: true },
        BrowserLine { grant: GrantLine { id: "g_2", ..GRANT }, app: Some("Team wiki"), this: false },
    ];
    let hosts = ["127.0.0.1".to_owned()];
    let agents = [AgentLine {
        grant: GrantLine { id: "g_3", ..GRANT },
        client_name: "Claude ✅",
        client_id: "c_1",
        redirect_hosts: &hosts,
        scope: "access notes:write",
        elsewhere: false,
    }];
    let apps = [ConnectedApp { id: "wiki", name: "Team wiki", agents: &agents }];
    let page = connected(&LOOK, &connected_page(&browsers, &apps));
    assert_eq!(page.matches("<form method=\"post\" action=\"/.doorward/connected\">").count(), 3);
    assert_eq!(page.matches("name=\"form\" value=\"form-token\"").count(), 4, "and one for all other browsers");
    for id in ["g_1", "g_2", "g_3"] {
        assert_eq!(page.matches(&format!("name=\"grant\" value=\"{id}\"")).count(), 1, "{id}");
        let button = format!("<button class=\"quiet\" type=\"submit\" aria-describedby=\"{id}\">Revoke</button>");
        assert!(page.contains(&button) && page.contains(&format!(" id=\"{id}\"")), "{id}");
    }
    for part in [
        "<h2>Signed-in browsers</h2>",
        "<h2>Connected agents</h2>",
        "This browser",
        "<bdi>Team wiki</bdi> in another browser",
        "<bdi class=\"claimed\" id=\"g_3\">Claude</bdi>",
        "<code>c_1</code>",
        "<code>notes:write</code>",
        "<time datetime=\"2026-12-06T09:30:00Z\">6 Dec 2026, 09:30 UTC</time>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn an_empty_list_says_so() {
    let page = connected(&LOOK, &connected_page(&[], &[]));
    assert!(page.contains("No agent can act for you.") && !page.contains("<h3>"));
}

#[test]
fn a_last_use_and_a_security_notice_say_when_and_from_where() {
    let by = UseLine { at: "2026-11-23T10:00:00Z", address: "203.0.113.9", agent: Some("curl/8.1") };
    let browsers = [BrowserLine { grant: GrantLine { last_use: Some(by), ..GRANT }, app: None, this: true }];
    let notices = [NoticeLine {
        id: "g_9",
        client_name: "Claude Code",
        app: "Team wiki",
        what: Reused::Token,
        at: "2026-11-23T10:00:00Z",
        brought_by: Some(by),
    }];
    let page = connected(&LOOK, &ConnectedPage { notices: &notices, ..connected_page(&browsers, &[]) });
    for part in [
        "An old token was used again",
        "that of <bdi class=\"claimed\">Claude Code</bdi> for <bdi>Team wiki</bdi>, on ",
        "from <code>203.0.113.9</code> (<bdi>curl/8.1</bdi>)",
        "name=\"act\" value=\"dismiss\"",
        "name=\"grant\" value=\"g_9\"",
        "Last used",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("sign_out_elsewhere"), "there is no other browser");
}
