//! The administrator's listener: alive, ready, metrics. It says nothing about people, and no app host reaches it.

use crate::gateway::Gateway;
use crate::proxy::Side;
use async_trait::async_trait;
use http::{Response, StatusCode, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;
use pingora::services::listening::Service;
use std::net::SocketAddr;
use std::sync::Arc;

/// Answers `/healthz`, `/readyz` and `/metrics`.
pub(super) struct Admin {
    gateway: Arc<Gateway>,
}

/// The service that listens on `address`.
pub(super) fn service(gateway: Arc<Gateway>, address: SocketAddr) -> Service<Side<Admin>> {
    let admin = Admin { gateway: Arc::clone(&gateway) };
    let mut service = Service::new("admin".to_owned(), Side::new(gateway, admin));
    service.threads = Some(1);
    service.add_tcp(&address.to_string());
    service
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        session.set_keepalive(None);
        match session.req_header().uri.path() {
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" if self.gateway.is_draining() => text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            "/readyz" if self.gateway.world.outage.lasting().is_some() => {
                text(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n")
            }
            "/readyz" => match self.gateway.world.store.epoch().await {
                Ok(_) => text(StatusCode::OK, "ready\n"),
                Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n"),
            },
            "/metrics" => {
                let mut response = text(StatusCode::OK, "");
                *response.body_mut() = self.gateway.world.metrics.encode();
                let length = response.body().len();
                response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
                response
            }
            _ => text(StatusCode::NOT_FOUND, "nothing here\n"),
        }
    }
}

/// A short answer.
pub(super) fn text(status: StatusCode, body: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(body.as_bytes().to_vec());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    response
}
