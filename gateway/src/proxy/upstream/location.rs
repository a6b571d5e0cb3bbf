//! Where a request is at its server, and where the server's own addresses are in public.

use crate::admit::Permit;
use crate::config::{HostHeader, Origin, Upstream, UpstreamServer};
use crate::request::Request;
use http::{HeaderValue, StatusCode, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::Result;

/// Gives a request the target, the `Host` and the headers that its server is to get.
pub(in crate::proxy) fn prepare(
    outgoing: &mut RequestHeader,
    request: &Request,
    upstream: &Upstream,
    server: &UpstreamServer,
) -> Result<()> {
    let target = at_server(request.target.as_str(), request.target.path(), upstream, server);
    if target.as_bytes() != outgoing.raw_path() {
        outgoing.set_raw_path(target.as_bytes())?;
    }
    match &upstream.host_header {
        // In the one spelling that was decided on: a server behind us may take another for another host.
        HostHeader::Preserve => outgoing.insert_header("Host", request.authority.to_string())?,
        HostHeader::Upstream => outgoing.insert_header("Host", server.authority())?,
        HostHeader::Fixed(name) => outgoing.insert_header("Host", name.clone())?,
    }
    if strips(upstream, request.target.path()) {
        outgoing.insert_header("X-Forwarded-Prefix", upstream.strip_prefix.as_str())?;
    }
    for name in &upstream.request_headers.remove {
        outgoing.remove_header(name);
    }
    for (name, value) in &upstream.request_headers.set {
        outgoing.insert_header(name.clone(), value.clone())?;
    }
    Ok(())
}

/// Gives an answer the headers that the client is to get.
pub(in crate::proxy) fn dress(response: &mut ResponseHeader, permit: &Permit, server: &UpstreamServer) -> Result<()> {
    let upstream = &permit.app().upstream;
    if let Some(location) = response.headers.get(header::LOCATION).and_then(|value| value.to_str().ok())
        && let Some(place) = in_public(location, upstream, server, permit.origin())
    {
        response.insert_header("Location", in_location(location, &place, permit.origin()))?;
    }
    for name in &upstream.response_headers.remove {
        response.remove_header(name);
    }
    for (name, value) in &upstream.response_headers.set {
        response.insert_header(name.clone(), value.clone())?;
    }
    Ok(())
}

/// The public target that an answer sends the client to with the request as it is, if it is the same server's.
pub(in crate::proxy) fn follow(response: &ResponseHeader, permit: &Permit, server: &UpstreamServer) -> Option<String> {
    let again = matches!(response.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    if !again || !permit.app().upstream.follow_redirects {
        return None;
    }
    let location = response.headers.get(header::LOCATION).map(HeaderValue::to_str)?.ok()?;
    let place = in_public(location, &permit.app().upstream, server, permit.origin())?;
    Some(place.split('#').next().unwrap_or_default().to_owned())
}

/// How a place in public is written: as a path where the server wrote one, unless it would read like another host without the
/// prefix that stood before it.
fn in_location(location: &str, place: &str, origin: &Origin) -> String {
    let is_path = |text: &str| text.starts_with('/') && !text[1..].starts_with(['/', '\\']);
    let as_path = is_path(location) && is_path(place);
    if as_path { place.to_owned() } else { format!("{}{place}", origin.url()) }
}

fn strips(upstream: &Upstream, path: &str) -> bool {
    let rest = path.strip_prefix(upstream.strip_prefix.as_str());
    !upstream.strip_prefix.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The target as its server is asked for it: as sent, byte for byte, but for its prefix. What is taken away is as many segments
/// as the prefix has, where the decoded path has the prefix: so no spelling of it goes on to the server as something else.
fn at_server(raw: &str, decoded: &str, upstream: &Upstream, server: &UpstreamServer) -> String {
    let rest = match strips(upstream, decoded) {
        true => after_segments(raw, upstream.strip_prefix.matches('/').count()),
        false => raw,
    };
    let path = format!("{}{rest}", server.prefix);
    if path.starts_with('/') { path } else { format!("/{path}") }
}

/// What comes after so many segments of a path.
fn after_segments(raw: &str, count: usize) -> &str {
    let path_end = raw.find('?').unwrap_or(raw.len());
    let start = raw[..path_end].match_indices('/').nth(count).map_or(path_end, |(at, _)| at);
    &raw[start..]
}

/// Path, query and fragment in public of a `Location` that is on the server itself; `None` if it is elsewhere.
fn in_public(location: &str, upstream: &Upstream, server: &UpstreamServer, origin: &Origin) -> Option<String> {
    let rest = if let Some((scheme, rest)) = location.split_once("://") {
        let scheme = scheme.to_ascii_lowercase();
        on_server(rest, (scheme == "https", matches!(scheme.as_str(), "http" | "https")), (upstream, server), origin)?
    } else if let Some(rest) = location.strip_prefix("//") {
        on_server(rest, (origin.secure, true), (upstream, server), origin)?
    } else {
        location.starts_with('/').then_some(location)?
    };
    let (path, more) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let inside = path.strip_prefix(server.prefix.as_str())?;
    if !(inside.is_empty() || inside.starts_with('/')) {
        return None;
    }
    let public = format!("{}{inside}", upstream.strip_prefix);
    Some(format!("{}{more}", if public.is_empty() { "/" } else { public.as_str() }))
}

/// What follows the authority of a URL, if that is the server's, or the name by which it knows itself.
fn on_server<'a>(
    rest: &'a str,
    (secure, is_http): (bool, bool),
    (upstream, server): (&Upstream, &UpstreamServer),
    origin: &Origin,
) -> Option<&'a str> {
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let default = if secure { ":443" } else { ":80" };
    let authority = authority.to_ascii_lowercase();
    let authority = authority.strip_suffix(default).unwrap_or(&authority);
    let public = origin.url();
    let public = public.split_once("://").map_or("", |(_, authority)| authority);
    let fixed = match &upstream.host_header {
        HostHeader::Fixed(name) => name.to_str().unwrap_or_default().to_ascii_lowercase(),
        _ => String::new(),
    };
    let own = [server.authority().to_ascii_lowercase(), public.to_owned(), fixed];
    (is_http && own.iter().any(|own| own == authority)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::request::Target;

    fn upstream(more: &str) -> Upstream {
        let text = format!(
            "auth.url = 'http://auth.localhost:8080'\n[apps.wiki]\nurl = 'https://wiki.ex'\npolicies = []\n{more}"
        );
        parse(&text, "doorward.toml").unwrap().apps["wiki"].upstream.clone()
    }

    fn sent(upstream: &Upstream, raw: &str) -> String {
        let target = Target::read(raw.as_bytes()).unwrap_or_else(|_| panic!("{raw}"));
        at_server(target.as_str(), target.path(), upstream, &upstream.servers[0])
    }

    #[test]
    fn hp_11_a_path_goes_on_byte_for_byte_but_for_its_prefix() {
        let plain = upstream("upstream = 'http://10.0.0.7:3000'");
        let prefixed = upstream("upstream = 'http://10.0.0.7:3000/in'");
        let stripped = upstream("upstream = 'http://10.0.0.7:3000'\nstrip_prefix = '/a/b'");
        let both = upstream("upstream = 'http://10.0.0.7:3000'\nstrip_prefix = '/a/b'\nadd_prefix = '/in'");
        for (raw, as_is, added, taken, moved) in [
            ("/", "/", "/in/", "/", "/in/"),
            ("/x%20y?q=/a/b", "/x%20y?q=/a/b", "/in/x%20y?q=/a/b", "/x%20y?q=/a/b", "/in/x%20y?q=/a/b"),
            ("/a/b", "/a/b", "/in/a/b", "/", "/in"),
            ("/a/b?x", "/a/b?x", "/in/a/b?x", "/?x", "/in?x"),
            ("/a/b/", "/a/b/", "/in/a/b/", "/", "/in/"),
            ("/a/b/c%C3%A4/?x", "/a/b/c%C3%A4/?x", "/in/a/b/c%C3%A4/?x", "/c%C3%A4/?x", "/in/c%C3%A4/?x"),
            ("/a/bc", "/a/bc", "/in/a/bc", "/a/bc", "/in/a/bc"),
            ("/%61/%62/c", "/%61/%62/c", "/in/%61/%62/c", "/c", "/in/c"),
        ] {
            let found = [&plain, &prefixed, &stripped, &both].map(|upstream| sent(upstream, raw));
            assert_eq!(found, [as_is, added, taken, moved], "{raw}");
        }
    }

    #[test]
    fn o_17_a_place_on_the_server_leads_to_no_other_host() {
        let origin = Origin { secure: true, host: "wiki.ex".into(), port: 443 };
        let prefixed = upstream("upstream = 'http://10.0.0.7/in'");
        for (location, sent) in [
            ("/in/x", "/x"),
            ("/in//evil.ex/x", "https://wiki.ex//evil.ex/x"),
            ("/in/\\evil.ex", "https://wiki.ex/\\evil.ex"),
            ("//10.0.0.7//evil.ex", "//10.0.0.7//evil.ex"),
            ("http://10.0.0.7/in//evil.ex", "https://wiki.ex//evil.ex"),
        ] {
            let place = in_public(location, &prefixed, &prefixed.servers[0], &origin);
            let written = place.map_or_else(|| location.to_owned(), |place| in_location(location, &place, &origin));
            assert_eq!(written, sent, "{location}");
        }
    }

    #[test]
    fn a_place_on_the_server_is_known_in_public() {
        let origin = Origin { secure: true, host: "wiki.ex".into(), port: 443 };
        let plain = upstream("upstream = 'http://10.0.0.7:3000'\nhost_header = 'inner.ex'");
        let both = upstream("upstream = 'http://10.0.0.7/in'\nstrip_prefix = '/a'");
        let place = |upstream: &Upstream, location: &str| in_public(location, upstream, &upstream.servers[0], &origin);
        for (location, public) in [
            ("http://10.0.0.7:3000/x?y#z", Some("/x?y#z")),
            ("HTTP://INNER.ex:80/x", Some("/x")),
            ("http://wiki.ex", Some("/")),
            ("//wiki.ex/x", Some("/x")),
            ("/x", Some("/x")),
            ("http://10.0.0.7/x", None),
            ("http://evil.ex/10.0.0.7:3000", None),
            ("http://10.0.0.7:3000@evil.ex/", None),
            ("ftp://10.0.0.7:3000/", None),
            ("x/y", None),
        ] {
            assert_eq!(place(&plain, location).as_deref(), public, "{location}");
        }
        for (location, public) in [
            ("/in/x", Some("/a/x")),
            ("/in", Some("/a")),
            ("http://10.0.0.7:80/in/?q", Some("/a/?q")),
            ("/inner", None),
            ("/elsewhere", None),
        ] {
            assert_eq!(place(&both, location).as_deref(), public, "{location}");
        }
    }
}
