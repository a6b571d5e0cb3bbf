//! The list of sessions and agents: a form for each, and nothing on it that an agent could make look like our words.

use super::*;

const GRANT: GrantLine<'static> = GrantLine { id: "g_1", since: "2026-11-22T09:30:00Z", until: "2026-12-06T09:30:00Z" };

pub(super) fn connected_page<'a>(browsers: &'a [BrowserLine<'a>], apps: &'a [ConnectedApp<'a>]) -> ConnectedPage<'a> {
    ConnectedPage {
        person: "ada@example.com",
        browsers,
        apps,
        action: "/.doorward/connected",
        form_token: "form-token",
        back: "/.doorward/login",
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
    }];
    let apps = [ConnectedApp { name: "Team wiki", agents: &agents }];
    let page = connected(&BRAND, &connected_page(&browsers, &apps));
    assert_eq!(page.matches("<form method=\"post\" action=\"/.doorward/connected\">").count(), 3);
    assert_eq!(page.matches("name=\"form\" value=\"form-token\"").count(), 3);
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
        "<time datetime=\"2026-12-06T09:30:00Z\">2026-12-06 09:30 UTC</time>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn an_empty_list_says_so() {
    let page = connected(&BRAND, &connected_page(&[], &[]));
    assert!(page.contains("No agent can act for you.") && !page.contains("<h3>"));
}
