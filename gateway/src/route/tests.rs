//! The most specific place wins, whatever the apps are called.

use super::*;
use crate::request::Parts;
use http::{HeaderMap, Method};
use oauth::world::Timestamp;

fn routes(apps: &[(&str, &str)]) -> Routes {
    let mut text = "[auth]\nurl = \"http://auth.test:8080\"\n".to_owned();
    for (id, url) in apps {
        let rest = "upstream = \"http://127.0.0.1:3000\"\npolicies = [{ action = \"allow\", include = [{ everyone = true }] }]";
        text.push_str(&format!("[apps.{id}]\nurl = \"{url}\"\n{rest}\n"));
    }
    Routes::new(&crate::config::parse(&text, "test.toml").unwrap())
}

fn request(host: &str, target: &str) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("host", host.parse().unwrap());
    let parts = Parts { method: &Method::GET, target: target.as_bytes(), authority: None, headers: &headers };
    Request::read(&parts, "127.0.0.1".parse().unwrap(), Timestamp::from_seconds(1), "d_1".into()).unwrap()
}

fn app_at(routes: &Routes, host: &str, target: &str) -> String {
    match routes.find(&request(host, target)) {
        Some(Route::App(app, _)) => app.id.clone(),
        Some(Route::Own(Own::Page(_, Site::App(app, _)))) => format!("page of {}", app.id),
        Some(Route::Own(_)) => "own".to_owned(),
        None => "nothing".to_owned(),
    }
}

#[test]
fn hp_12_the_most_specific_place_wins() {
    let routes = routes(&[
        ("any", "http://*.*.test:8080/deep/path"),
        ("zsecret", "http://*.secret.test:8080"),
        ("exact", "http://one.secret.test:8080"),
        ("deep", "http://one.secret.test:8080/a"),
    ]);
    for (host, target, app) in [
        ("two.secret.test:8080", "/", "zsecret"),
        ("two.secret.test:8080", "/deep/path/x", "zsecret"),
        ("one.secret.test:8080", "/deep/path/x", "exact"),
        ("one.secret.test:8080", "/a", "deep"),
        ("one.secret.test:8080", "/a/b", "deep"),
        ("one.secret.test:8080", "/ab", "exact"),
        ("other.lab.test:8080", "/deep/path", "any"),
        ("other.lab.test:8080", "/", "nothing"),
        ("three.two.secret.test:8080", "/", "nothing"),
        ("one.secret.test:8081", "/", "nothing"),
        ("one.secret.test", "/", "nothing"),
        ("auth.test:8080", "/a", "own"),
        ("one.secret.test:8080", "/.doorward/logout", "page of exact"),
        ("one.secret.test:8080", "/.doorward/logout?app=deep", "page of deep"),
        ("two.secret.test:8080", "/.doorward/logout", "page of zsecret"),
        ("two.secret.test:8080", "/.doorward/logout?app=exact", "page of zsecret"),
    ] {
        assert_eq!(app_at(&routes, host, target), app, "{host}{target}");
    }
}

#[test]
fn hp_12_p_03_p_08_fuzz_routes() {
    let places = [
        ("root", "one.test", ""),
        ("mcp", "one.test", "/mcp"),
        ("deep", "one.test", "/mcp/deep"),
        ("other", "two.test", "/only"),
    ];
    let urls: Vec<_> = places.iter().map(|(id, host, path)| (*id, format!("http://{host}:8080{path}"))).collect();
    let routes = routes(&urls.iter().map(|(id, url)| (*id, url.as_str())).collect::<Vec<_>>());
    let found = std::cell::Cell::new(0);
    crate::mutation::Corpus::read("tests/fuzz/routes").fuzz_text(|line| {
        let (host, target) = line.split_once(' ').unwrap_or((line, "/"));
        let Ok(value) = http::HeaderValue::from_str(host) else { return };
        let mut headers = HeaderMap::new();
        headers.insert("host", value);
        let parts = Parts { method: &Method::GET, target: target.as_bytes(), authority: None, headers: &headers };
        let read = Request::read(&parts, "127.0.0.1".parse().unwrap(), Timestamp::from_seconds(1), "d_1".into());
        let Ok(request) = read else { return };
        let Some(Route::App(app, origin)) = routes.find(&request) else { return };
        found.set(found.get() + 1);
        // By a second, plain reading: the longest of the paths at this host.
        let path = request.target.path();
        let covers = |place: &str| path == place || path.starts_with(&format!("{place}/"));
        let plain = host.to_lowercase();
        let named = |name: &str| [format!("{name}:8080"), format!("{name}.:8080")].contains(&plain);
        let here = places.iter().filter(|(_, name, place)| named(name) && covers(place));
        let best = here.max_by_key(|(.., place)| place.len()).unwrap_or_else(|| panic!("{line} leads to {}", app.id));
        assert_eq!((app.id.as_str(), origin.host.as_str()), (best.0, best.1), "{line}");
        assert!(!path.starts_with("/.doorward/"), "{line}");
    });
    assert!(found.get() > 100, "hardly any led to an app: {}", found.get());
}
