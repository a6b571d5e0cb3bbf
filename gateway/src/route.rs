//! Which place a request is for: an endpoint of ours, or the most specific app for host and path, which wins whole.
//! Everything is known from the configuration; the request only chooses.

mod page;

use crate::config::{App, Config, Origin, Place};
use crate::request::{Authority, Request};
use oauth::Endpoint;
pub(crate) use page::{Page, Site};
use page::{page, page_of_login};
use std::sync::Arc;
use url::Url;

/// The gateway's own prefix, on every host of ours.
pub(crate) const OWN: &str = "/.doorward/";

/// Where a request goes.
#[derive(Debug)]
pub(crate) enum Route {
    /// To an app, if it may.
    App(Arc<App>, Origin),
    /// To us.
    Own(Own),
}

/// An endpoint of ours.
#[derive(Debug)]
pub(crate) enum Own {
    /// Of the authorization server.
    OAuth(Arc<App>, Endpoint),
    /// A page or document under [`OWN`].
    Page(Page, Site),
    /// What a browser asks of an app before it sends a request to it.
    Preflight(Arc<App>),
    /// Nothing is there; the answer is JSON.
    Nothing,
}

/// All places, most specific first.
#[derive(Debug)]
pub(crate) struct Routes {
    login: Origin,
    places: Vec<(Place, Arc<App>)>,
}

impl Routes {
    /// From the configuration.
    pub(crate) fn new(config: &Config) -> Self {
        let mut places: Vec<_> = config
            .apps
            .values()
            .flat_map(|app| app.places.iter().map(move |place| (place.clone(), Arc::clone(app))))
            .collect();
        places.sort_by_key(|(place, _)| place.specificity());
        Self { login: config.auth.origin.clone(), places }
    }

    /// Where `request` goes; `None` when no app is there.
    pub(crate) fn find(&self, request: &Request) -> Option<Route> {
        let path = request.target.path();
        if names(&self.login, &request.authority) {
            return Some(Route::Own(self.at_login(path)));
        }
        if !self.places.iter().any(|(place, _)| is_host(place, &request.authority)) {
            return None;
        }
        if let Some(own) = self.own(request, path) {
            return Some(Route::Own(own));
        }
        self.app(&request.authority, path).map(|(app, origin)| Route::App(app, origin))
    }

    /// The most specific app that covers a path of a host, and the origin by which it was reached.
    fn app(&self, authority: &Authority, path: &str) -> Option<(Arc<App>, Origin)> {
        let (place, app) = self.places.iter().find(|(place, _)| is_host(place, authority) && place.covers(path))?;
        Some((Arc::clone(app), Origin { secure: place.secure, host: authority.host.clone(), port: place.port }))
    }

    /// The https origin of a host of ours, whatever the path.
    pub(crate) fn secure_host(&self, host: &str) -> Option<Origin> {
        let login = Some(&self.login).filter(|login| login.secure && login.host == host);
        let place =
            || self.places.iter().map(|(place, _)| place).find(|place| place.secure && place.host.matches(host));
        let app = || place().map(|place| Origin { secure: true, host: host.to_owned(), port: place.port });
        login.cloned().or_else(app)
    }

    /// The app that stands for a whole host: of the most specific places there, the one nearest to the root.
    fn host_app(&self, authority: &Authority) -> Option<(Arc<App>, Place)> {
        let mut here = self.places.iter().filter(|(place, _)| is_host(place, authority)).peekable();
        let best = here.peek()?.0.host.clone();
        let nearest = here.filter(|(place, _)| place.host == best).min_by_key(|(place, _)| place.path.len());
        nearest.map(|(place, app)| (Arc::clone(app), place.clone()))
    }

    fn by_id(&self, id: &str) -> Option<&Arc<App>> {
        self.places.iter().map(|(_, app)| app).find(|app| app.id == id)
    }

    fn at_login(&self, path: &str) -> Own {
        if let Some((id, "authorize")) = oauth_path(path) {
            return self.by_id(id).map_or(Own::Nothing, |app| Own::OAuth(Arc::clone(app), Endpoint::Authorization));
        }
        match path {
            "/" => Own::Page(Page::Login, Site::Login),
            _ => {
                let page = page(path).or_else(|| page_of_login(path));
                page.map_or(Own::Nothing, |page| Own::Page(page, Site::Login))
            }
        }
    }

    /// A URL of one of the apps, as it is sent in `Location`; `None` for any other.
    pub(crate) fn app_url(&self, text: &str) -> Option<String> {
        let url = Url::parse(text).ok().filter(|url| url.username().is_empty() && url.password().is_none())?;
        let origin = Origin::of(&url)?;
        let is_here = |place: &Place| {
            (place.secure, place.port) == (origin.secure, origin.port) && place.host.matches(&origin.host)
        };
        let covered = self.places.iter().any(|(place, _)| is_here(place) && place.covers(url.path()));
        covered.then(|| format!("{}{}", origin.url(), &url[url::Position::BeforePath..url::Position::AfterQuery]))
    }

    /// The endpoint of ours that a path on an app's host names.
    fn own(&self, request: &Request, path: &str) -> Option<Own> {
        if path.starts_with(OWN) || path == OWN.trim_end_matches('/') {
            return Some(self.under_own_prefix(request, path));
        }
        self.well_known(request, path)
    }

    fn under_own_prefix(&self, request: &Request, path: &str) -> Own {
        if let Some((id, name)) = oauth_path(path) {
            let endpoint = match name {
                "par" => Endpoint::PushedAuthorizationRequest,
                "token" => Endpoint::Token,
                "device_authorization" => Endpoint::DeviceAuthorization,
                "register" => Endpoint::Registration,
                "revoke" => Endpoint::Revocation,
                "introspect" => Endpoint::Introspection,
                "jwks" => Endpoint::Jwks,
                _ => match name.split_once('/') {
                    Some(("register", client)) if !client.is_empty() && !client.contains('/') => {
                        Endpoint::ClientConfiguration { client: client.to_owned() }
                    }
                    _ => return Own::Nothing,
                },
            };
            let here = |app: &&Arc<App>| app.places.iter().any(|place| is_host(place, &request.authority));
            return self.by_id(id).filter(here).map_or(Own::Nothing, |app| Own::OAuth(Arc::clone(app), endpoint));
        }
        let Some(page) = page(path) else { return Own::Nothing };
        // A callback or logout concerns the app that its query names, or else the app at the root or the only one.
        let named = request.target.query().and_then(|query| parameter(query, "app"));
        let named = named.and_then(|id| self.by_id(&id).cloned());
        let here = |app: &Arc<App>| app.places.iter().find(|place| is_host(place, &request.authority)).cloned();
        let found = named.and_then(|app| here(&app).map(|place| (app, place)));
        let found = found.or_else(|| self.host_app(&request.authority));
        found.map_or(Own::Nothing, |(app, place)| {
            let origin = Origin { secure: place.secure, host: request.authority.host.clone(), port: place.port };
            Own::Page(page, Site::App(app, origin))
        })
    }

    /// RFC 9728 section 3.1 and RFC 8414 section 3.1, with the path inserted, and the appended forms that clients try.
    fn well_known(&self, request: &Request, path: &str) -> Option<Own> {
        const RESOURCE: &str = "/.well-known/oauth-protected-resource";
        const SERVER: &str = "/.well-known/oauth-authorization-server";
        const OPENID: &str = "/.well-known/openid-configuration";
        if let Some(rest) = inserted(path, RESOURCE) {
            let raw = &request.target.raw_path()[request.target.raw_path().len().min(RESOURCE.len())..];
            return self.protected_resource(request, rest, raw);
        }
        for document in [SERVER, OPENID] {
            if let Some(rest) = inserted(path, document).or_else(|| path.strip_suffix(document)) {
                return self.authorization_server(request, rest, document == SERVER);
            }
        }
        let rest = path.strip_suffix(RESOURCE)?;
        let raw = request.target.raw_path().strip_suffix(RESOURCE)?;
        self.protected_resource(request, rest, raw)
    }

    fn protected_resource(&self, request: &Request, path: &str, raw: &str) -> Option<Own> {
        let lookup = if path.is_empty() { "/" } else { path };
        let Some((app, origin)) = self.app(&request.authority, lookup) else { return Some(Own::Nothing) };
        app.oauth.managed.as_ref()?;
        let resource = format!("{}{}", origin.url(), if raw == "/" { "" } else { raw });
        Some(Own::OAuth(app, Endpoint::ProtectedResource { resource }))
    }

    /// Only where the issuer is exactly what was asked for; 2026 clients compare.
    fn authorization_server(&self, request: &Request, path: &str, oauth: bool) -> Option<Own> {
        let lookup = if path.is_empty() { "/" } else { path };
        let Some((app, origin)) = self.app(&request.authority, lookup) else { return Some(Own::Nothing) };
        app.oauth.managed.as_ref()?;
        let issuer = format!("{}{}", origin.url(), path.trim_end_matches('/'));
        if !oauth || issuer != app.oauth.issuer {
            return Some(Own::Nothing);
        }
        Some(Own::OAuth(app, Endpoint::AuthorizationServer))
    }
}

/// `/.doorward/oauth/APP/NAME`
fn oauth_path(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix(OWN)?.strip_prefix("oauth/")?.split_once('/')
}

fn inserted<'a>(path: &'a str, document: &str) -> Option<&'a str> {
    path.strip_prefix(document).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The value of a query parameter.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Whether a request names this origin. A Host without port means the scheme's default.
fn names(origin: &Origin, authority: &Authority) -> bool {
    origin.host == authority.host && is_port(origin.secure, origin.port, authority.port)
}

fn is_host(place: &Place, authority: &Authority) -> bool {
    is_port(place.secure, place.port, authority.port) && place.host.matches(&authority.host)
}

fn is_port(secure: bool, port: u16, named: Option<u16>) -> bool {
    named.unwrap_or(if secure { 443 } else { 80 }) == port
}

#[cfg(test)]
mod tests;
