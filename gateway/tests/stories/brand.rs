//! How our pages look and speak: the reader's language, the operator's name, logo and colours, and the apps of a person.

use crate::harness::{Browser, Request, Response, Site, User, send};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

const BRAND: &str = concat!(
    "\n[brand]\nname = \"Example Company\"\ncolour = \"#1a4fd0\"\nlogo = \"",
    env!("CARGO_MANIFEST_DIR"),
    "/src/config/tests/files/logo.svg\"\n"
);

#[test]
fn pages_are_in_the_language_of_their_reader_and_programs_read_english() {
    let site = Site::start();
    let missing =
        |languages: &str| Request::get(&site.login("/.doorward/nothing")).header("accept-language", languages);
    let german = send(&missing("fr, de-AT;q=0.8, en;q=0.5").html()).expect(404);
    assert!(
        german.text().contains("<html lang=\"de\"") && german.text().contains("Hier ist nichts"),
        "{}",
        german.text()
    );
    assert_eq!(german.header("vary"), Some("accept-language"));
    let english = send(&missing("fr, ja").html()).expect(404);
    assert!(english.text().contains("<html lang=\"en\"") && english.text().contains("Nothing here"));
    let program = send(&missing("de")).expect(404).json();
    assert_eq!(program["error_description"], "There is nothing at this address.");
    // What cannot be read is answered in the language, too.
    let unreadable = Request::get(&site.main("/a%2fb")).header("accept-language", "de").html();
    let unreadable = send(&unreadable).expect(400).text();
    assert!(
        unreadable.contains("Die Anfrage ist nicht lesbar") && unreadable.contains("<span lang=\"en\">"),
        "{unreadable}"
    );
}

#[test]
fn a_brand_is_on_every_page_and_permitted_by_its_policy() {
    let site = Site::with(|config| config + BRAND);
    for page in [
        send(&Request::get(&site.login("/.doorward/login")).html()).expect(200),
        send(&Request::get(&site.main("/.doorward/nothing")).html()).expect(404),
    ] {
        let text = page.text();
        assert!(text.contains("Example Company</title>") && text.contains("--paint: #1a4fd0;"), "{text}");
        let style = text.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains(&format!("style-src 'sha256-{hash}'")) && policy.contains("img-src 'self'"),
            "{policy}"
        );
    }
}

#[test]
fn a_logo_is_nothing_but_a_picture_of_ours() {
    let site = Site::with(|config| config + BRAND);
    let page = send(&Request::get(&site.login("/.doorward/login")).html()).expect(200).text();
    let path = page.split_once("<img src=\"").unwrap().1.split_once('"').unwrap().0;
    for url in [site.login(path), site.main(path)] {
        let logo = send(&Request::get(&url)).expect(200);
        assert_eq!(logo.header("content-type"), Some("image/svg+xml"));
        assert_eq!(logo.header("x-content-type-options"), Some("nosniff"));
        assert!(logo.header("content-security-policy").unwrap().ends_with("sandbox"));
        assert!(logo.header("cache-control").unwrap().contains("immutable"));
        assert!(logo.header("set-cookie").is_none());
    }
    let plain = Site::start();
    send(&Request::get(&plain.login("/.doorward/brand/logo"))).expect(404);
}

#[test]
fn the_launcher_shows_the_apps_that_a_person_may_open() {
    let described = "name = \"Team wiki\"\ndescription = \"What we know\"";
    let site = Site::with(|config| config.replace("name = \"Team wiki\"", described));
    let open = |user: User| {
        let mut browser = site.browser();
        let login = browser.open(&site.login("/.doorward/apps"));
        land(&mut browser, &login, &user)
    };
    let of_ada = open(site.ada()).text();
    for app in ["Main app", "Team wiki", "What we know", "wiki.test"] {
        assert!(of_ada.contains(app), "{app} in {of_ada}");
    }
    let of_eve = open(site.eve()).text();
    assert!(of_eve.contains("There is no app here that you may open.") && !of_eve.contains("Team wiki"), "{of_eve}");
    let from_app = send(&Request::get(&site.main("/.doorward/apps")).html()).expect(302);
    assert_eq!(from_app.location(), site.login("/.doorward/apps"));
}

fn land(browser: &mut Browser, login: &Response, user: &User) -> Response {
    let signed_in = browser.submit(login, &[("username", user.name), ("password", &user.password)]).expect(303);
    assert!(signed_in.location().ends_with("/.doorward/apps"), "{}", signed_in.location());
    browser.send(Request::get(signed_in.location()).html()).expect(200)
}
