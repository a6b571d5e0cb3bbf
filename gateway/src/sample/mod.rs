//! The sample app: the upstream that `doorward demo` protects.
//!
//! It shows who the gateway said is asking, and every header that arrived, so that one can see
//! what an app behind Doorward gets and what never reaches it. It believes the gateway and
//! checks nothing: bind it to loopback only.
//!
//! | route | answers with |
//! |---|---|
//! | `GET /events` | five server-sent events, one each second |
//! | `POST /echo` | the request as JSON |
//! | `/mcp` | an MCP server with a few harmless tools |
//! | anything else | who is asking, as a page or as JSON |

mod caller;
mod echo;
mod events;
mod page;
#[cfg(test)]
mod tests;
mod tools;

use std::convert::Infallible;
use std::io;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Serves the sample app on `listener` until the future is dropped, and with it every connection.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let mcp = tools::service(SystemTime::now);
    let _end_mcp_sessions = mcp.config.cancellation_token.clone().drop_guard();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, mcp.clone()));
                }
                Err(error) => {
                    tracing::debug!(%error, "the sample app could not accept a connection");
                    // Out of descriptors, most likely: give connections time to end.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

// No timeout on idle connections: only the gateway connects, and it pools them. Were they closed
// from this side, a request sent at that moment would be lost.
async fn connection(stream: TcpStream, mcp: tools::Service) {
    let service = service_fn(|request| {
        let mcp = mcp.clone();
        async move { Ok::<_, Infallible>(answer(request, &mcp).await) }
    });
    let served = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the sample app ended early");
    }
}

async fn answer(request: Request<Incoming>, mcp: &tools::Service) -> Reply {
    match (request.method(), request.uri().path()) {
        (_, "/mcp") => mcp.handle(request).await,
        (&Method::GET, "/events") => events::answer(Duration::from_secs(1)),
        (&Method::POST, "/echo") => echo::answer(request).await,
        _ => page::answer(&request.into_parts().0),
    }
}

type Reply = Response<BoxBody<Bytes, Infallible>>;

fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    match serde_json::to_string_pretty(value) {
        Ok(text) => reply(status, "application/json", Full::from(text + "\n").boxed()),
        Err(_) => reply(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", Full::default().boxed()),
    }
}

fn reply(status: StatusCode, media_type: &'static str, body: BoxBody<Bytes, Infallible>) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    // Every answer is about one caller and one moment.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
