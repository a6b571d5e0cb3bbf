//! Streams by the libraries that people use, tonic and tungstenite, and their end when a policy changes.

use crate::machine::folder;
use crate::served::Served;
use futures_util::{SinkExt, StreamExt};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// A changed file is noticed within a second, and reaches open streams within two more.
const SOON: Duration = Duration::from_secs(4);

/// From now on nobody may use the apps.
fn close_the_door(gateway: &Served) {
    let file = gateway.folder.join("doorward.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let new = file.with_extension("new");
    std::fs::write(&new, text.replace("127.0.0.0/8", "192.0.2.0/24")).unwrap();
    std::fs::rename(new, file).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_of_grpc_ends_with_permission_denied() {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status("wiki", ServingStatus::Serving).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap().port();
    tokio::spawn(Server::builder().serve_with_incoming(health, TcpIncoming::from(listener)));
    let apps = Served::app("rpc", "127.0.0.1", &format!("upstream = 'h2c://127.0.0.1:{upstream}'"));
    let gateway = Served::start(folder("grpc-end"), &apps);
    let channel = Channel::from_shared(format!("http://127.0.0.1:{}", gateway.port)).unwrap().connect().await.unwrap();
    let mut client = HealthClient::new(channel);
    let watch = Request::new(HealthCheckRequest { service: "wiki".to_owned() });
    let mut watched = client.watch(watch).await.unwrap().into_inner();
    watched.message().await.unwrap().expect("the first state");
    close_the_door(&gateway);
    let ended = tokio::time::timeout(SOON, watched.message()).await.expect("the silent call ends").unwrap_err();
    assert_eq!((ended.code(), ended.message()), (Code::PermissionDenied, "no longer allowed"));
    let refused = client.check(HealthCheckRequest::default()).await.unwrap_err();
    assert!(matches!(refused.code(), Code::Unauthenticated | Code::PermissionDenied), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_carries_everything_and_is_closed_by_the_rules() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                while let Some(Ok(message)) = socket.next().await {
                    if matches!(message, Message::Text(_) | Message::Binary(_)) {
                        socket.send(message).await.unwrap();
                    }
                }
            });
        }
    });
    let apps = Served::app("chat", "127.0.0.1", &format!("upstream = 'http://127.0.0.1:{upstream}'"));
    let gateway = Served::start(folder("websocket"), &apps);
    let url = format!("ws://127.0.0.1:{}/chat", gateway.port);
    let (mut socket, answer) = tokio_tungstenite::connect_async(&url).await.unwrap();
    assert_eq!(answer.status(), 101);
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000] {
        socket.send(Message::binary(vec![7; length])).await.unwrap();
        let echo = socket.next().await.unwrap().unwrap();
        assert_eq!(echo.into_data().len(), length);
    }
    socket.send(Message::Ping(b"here?".to_vec().into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong(b"here?".to_vec().into()));
    let started = Instant::now();
    close_the_door(&gateway);
    let end = tokio::time::timeout(SOON, socket.next()).await.expect("the silent WebSocket is closed");
    let Some(Ok(Message::Close(Some(frame)))) = end else { panic!("{end:?}") };
    assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::Policy, "no longer allowed"));
    assert!(started.elapsed() < SOON);
    assert!(tokio_tungstenite::connect_async(&url).await.is_err(), "and none is opened");
}
