//! The consent page: what it asks, what it shows, and what a client cannot make it say.

use super::*;

#[test]
fn a_client_name_is_escaped_and_stripped_of_direction_controls() {
    let page = consent(&LOOK, &ConsentPage { client_name: NASTY, ..consent_page() });
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains(['\u{202E}', '\u{2066}', '\u{0}']));
}

#[test]
fn consent_offers_allow_and_deny() {
    let page = consent(&LOOK, &consent_page());
    for part in [
        "<form method=\"post\" action=\"/.doorward/consent\">",
        "<input type=\"hidden\" name=\"consent\" value=\"consent-token\">",
        "type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>",
        "type=\"submit\" name=\"decision\" value=\"deny\">Deny</button>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert_eq!(page.matches("<button").count(), 2);
}

#[test]
fn consent_shows_what_there_is_to_know() {
    let page = consent(&LOOK, &consent_page());
    for part in [
        "ada@example.com",
        "Claude Code",
        "dw_client_7f3a",
        "Nobody: it registered itself",
        "Unverified",
        "claude.ai",
        "127.0.0.1",
        "Team wiki",
        "https://wiki.example.com/mcp",
        "wiki:write",
        "Change pages",
        "14 days",
        "Any program on this computer could be the one asking.",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn a_self_registered_client_is_unverified_whatever_its_name() {
    let page = consent(&LOOK, &ConsentPage { client_name: "Claude Code ✅ verified", ..consent_page() });
    assert!(page.contains(">Unverified</strong>") && !page.contains('✅'));
    assert!(!page.contains("Registered by an administrator"));
}

#[test]
fn a_client_of_an_administrator_on_another_host_gets_no_warning() {
    let page = consent(
        &LOOK,
        &ConsentPage {
            vouched_by: VouchedBy::Administrator,
            loopback: false,
            redirect_host: Some("claude.ai"),
            ..consent_page()
        },
    );
    assert!(page.contains("Registered by an administrator"));
    assert!(!page.contains("Unverified") && !page.contains("this computer"));
}

#[test]
fn cm_17_a_client_with_a_document_is_shown_by_its_host() {
    let hosted =
        |vouched_by| ConsentPage { vouched_by, loopback: false, redirect_host: Some("agent.ex"), ..consent_page() };
    for vouched_by in [VouchedBy::Document { host: "doc.agent.ex" }, VouchedBy::Pinned { host: "doc.agent.ex" }] {
        let page = consent(&LOOK, &hosted(vouched_by));
        assert!(page.contains("doc.agent.ex") && page.contains("Describes the client on this web site"));
        assert!(!page.contains("Unverified") && !page.contains("registered itself"));
        assert_eq!(page.contains("this gateway knows"), matches!(vouched_by, VouchedBy::Pinned { .. }));
    }
}

#[test]
fn cm_17_cn_14_a_document_vouches_for_no_program_on_this_computer() {
    for vouched_by in [VouchedBy::Document { host: "claude.ai" }, VouchedBy::Pinned { host: "claude.ai" }] {
        let page = consent(&LOOK, &ConsentPage { vouched_by, ..consent_page() });
        for part in ["Unverified", "Any program on this computer can say", "Any program on this computer could be"] {
            assert!(page.contains(part), "{part} in {page}");
        }
    }
}

#[test]
fn a_client_cannot_write_in_the_title_of_the_consent_page() {
    let page = consent(&LOOK, &ConsentPage { client_name: "Zebra", ..consent_page() });
    assert!(page.contains("<title>Allow access to Team wiki? · Doorward</title>"));
}

#[test]
fn sc_06_what_may_be_left_out_is_ticked_and_what_may_not_is_sent_along() {
    let page = consent(&LOOK, &consent_page());
    let hidden = "<input type=\"hidden\" name=\"scope:wiki:write\" value=\"on\">";
    let ticked = |name: &str| format!("<input type=\"checkbox\" name=\"scope:{name}\" value=\"on\" checked>");
    assert!(page.contains(hidden) && !page.contains(&ticked("wiki:write")));
    assert!(page.contains(&ticked("offline_access")) && page.contains("Without it: <bdi>15 minutes</bdi>"));
    let scopes = [ScopeLine { name: "x", description: "", includes: vec!["See pages"], optional: true }];
    let page = consent(&LOOK, &ConsentPage { scopes: &scopes, without_refresh: None, ..consent_page() });
    assert!(page.contains(&ticked("x")) && page.contains("See pages") && !page.contains("offline_access"));
}

#[test]
fn cn_02_the_page_says_whether_the_client_is_new_to_the_person() {
    assert!(consent(&LOOK, &consent_page()).contains("New to you"));
    let page = consent(&LOOK, &ConsentPage { first_seen: Some("2026-03-03"), ..consent_page() });
    assert!(
        page.contains("You first let it in on <bdi class=\"day\">3 Mar 2026</bdi>") && !page.contains("New to you")
    );
}

#[test]
fn a_form_with_nothing_ticked_comes_back_and_says_so() {
    assert!(!consent(&LOOK, &consent_page()).contains("role=\"alert\""));
    let page = consent(&LOOK, &ConsentPage { nothing_ticked: true, ..consent_page() });
    assert!(page.contains("role=\"alert\"") && page.contains("or press Deny"));
}

#[test]
fn a_client_that_waits_elsewhere_has_no_line_about_where_the_answer_goes() {
    let page = consent(&LOOK, &ConsentPage { redirect_host: None, loopback: false, ..consent_page() });
    assert!(!page.contains("Answer goes to"));
}

#[test]
fn dv_04_dv_05_what_a_device_asks_can_be_compared_and_its_danger_is_told() {
    let device =
        DeviceLine { user_code: "WDJB-MJHT", from: "198.51.100.7", elsewhere: None, ago: Duration::from_secs(30) };
    let waiting = |device| ConsentPage { redirect_host: None, loopback: false, device: Some(device), ..consent_page() };
    let here = consent(&LOOK, &waiting(device));
    for part in
        ["WDJB-MJHT", "198.51.100.7", "30 seconds ago", "on a device in front of you?", "they would come in as you"]
    {
        assert!(here.contains(part), "{part} in {here}");
    }
    assert!(!here.contains("Elsewhere") && !here.contains("another network"));
    let elsewhere = consent(&LOOK, &waiting(DeviceLine { elsewhere: Some("203.0.113.1"), ..device }));
    for part in [">Elsewhere</strong>", "203.0.113.1", "in another network than you"] {
        assert!(elsewhere.contains(part), "{part} in {elsewhere}");
    }
}

pub(super) fn consent_page<'a>() -> ConsentPage<'a> {
    static SCOPES: std::sync::LazyLock<[ScopeLine<'static>; 1]> = std::sync::LazyLock::new(|| {
        [ScopeLine { name: "wiki:write", description: "Change pages", includes: Vec::new(), optional: false }]
    });
    ConsentPage {
        person: "ada@example.com",
        client_name: "Claude Code",
        client_id: "dw_client_7f3a",
        vouched_by: VouchedBy::SelfRegistered,
        client_uri_host: Some("claude.ai"),
        redirect_host: Some("127.0.0.1"),
        loopback: true,
        app: "Team wiki",
        resource: "https://wiki.example.com/mcp",
        scopes: &*SCOPES,
        lifetime: WEEK * 2,
        without_refresh: Some(WEEK / 672),
        first_seen: None,
        nothing_ticked: false,
        device: None,
        action: "/.doorward/consent",
        consent_token: "consent-token",
    }
}
