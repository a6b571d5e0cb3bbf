//! Plain HTTP beside TLS: a browser is sent on to https, everything else is told to use it. What came with a credential is
//! never sent on: it has crossed the network in the clear, and whoever sent it must notice.

use crate::config::Origin;
use crate::gateway::Gateway;
use crate::proxy::Side;
use crate::request::Authority;
use async_trait::async_trait;
use http::{Response, StatusCode, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;
use pingora::services::listening::Service;
use std::net::SocketAddr;
use std::sync::Arc;

/// Sends on to https.
pub(super) struct Redirect {
    gateway: Arc<Gateway>,
}

/// The service that listens on `addresses`.
pub(super) fn service(gateway: Arc<Gateway>, addresses: &[SocketAddr]) -> Service<Side<Redirect>> {
    let redirect = Redirect { gateway: Arc::clone(&gateway) };
    let mut service = Service::new("redirect".to_owned(), Side::new(gateway, redirect));
    service.threads = Some(1);
    for address in addresses {
        service.add_tcp(&address.to_string());
    }
    service
}

#[async_trait]
impl ServeHttp for Redirect {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        session.set_keepalive(None);
        let request = session.req_header();
        let target = request.raw_path();
        if let Some(text) = self.gateway.world.tls.challenges.http(target) {
            return answer(StatusCode::OK, &text);
        }
        let authority = Authority::read(None, &request.headers).ok();
        let host = authority.and_then(|authority| self.gateway.snapshot().routes.secure_host(&authority.host));
        let credential = [header::AUTHORIZATION, header::COOKIE].iter().any(|name| request.headers.contains_key(name));
        let safe = matches!(request.method, http::Method::GET | http::Method::HEAD);
        match host {
            None => answer(StatusCode::NOT_FOUND, "nothing here\n"),
            Some(_) if credential => answer(
                StatusCode::FORBIDDEN,
                "use https; what you sent with this request has been readable on its way, so replace it\n",
            ),
            Some(host) if safe && is_path(target) => to(&host, target),
            Some(_) => answer(StatusCode::UPGRADE_REQUIRED, "use https\n"),
        }
    }
}

/// Printable ASCII that begins like a path of this host, and of no other.
fn is_path(target: &[u8]) -> bool {
    target.starts_with(b"/") && target.iter().all(|b| b.is_ascii_graphic() && *b != b'\\')
}

/// 308: a form that was sent here is sent again there as it was.
fn to(origin: &Origin, target: &[u8]) -> Response<Vec<u8>> {
    let mut response = answer(StatusCode::PERMANENT_REDIRECT, "");
    let location = format!("{}{}", origin.url(), String::from_utf8_lossy(target));
    if let Ok(location) = header::HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn answer(status: StatusCode, body: &str) -> Response<Vec<u8>> {
    let mut response = super::admin::text(status, body);
    if status == StatusCode::UPGRADE_REQUIRED {
        // RFC 9110 section 15.5.22
        response.headers_mut().insert(header::UPGRADE, header::HeaderValue::from_static("TLS/1.2"));
        response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("upgrade"));
    }
    response
}
