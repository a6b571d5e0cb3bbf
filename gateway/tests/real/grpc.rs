//! gRPC by tonic, client and server, through the gateway: single calls, statuses, and streams in both directions.

use crate::machine::folder;
use crate::served::Served;
use futures_util::{StreamExt, stream};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus as Status;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::HealthReporter;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// Serves a service of tonic's on a port of its own.
macro_rules! serve {
    ($service:expr) => {{
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(Server::builder().serve_with_incoming($service, TcpIncoming::from(listener)));
        port
    }};
}

/// Two servers of tonic's, and the gateway before them.
struct Rpc {
    gateway: Served,
    reporter: HealthReporter,
}

impl Rpc {
    async fn start(more: &str) -> Self {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("wiki", ServingStatus::Serving).await;
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()
            .unwrap();
        let (health_port, reflection_port) = (serve!(health), serve!(reflection));
        let app = |id: &str, host: &str, port: u16| {
            Served::app(id, host, &format!("upstream = 'h2c://127.0.0.1:{port}'\n{more}"))
        };
        let apps = app("rpc", "127.0.0.1", health_port) + &app("mirror", "mirror.test", reflection_port);
        Self { gateway: Served::start(folder("grpc"), &apps), reporter }
    }

    async fn channel(&self) -> Channel {
        self.channel_to("127.0.0.1").await
    }

    async fn channel_to(&self, host: &str) -> Channel {
        let port = self.gateway.port;
        let endpoint = Channel::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
        endpoint.origin(format!("http://{host}:{port}").parse().unwrap()).connect().await.unwrap()
    }
}

fn of(service: &str) -> Request<HealthCheckRequest> {
    Request::new(HealthCheckRequest { service: service.to_owned() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_calls_and_their_statuses_pass() {
    let rpc = Rpc::start("").await;
    let client = HealthClient::new(rpc.channel().await);
    let answer = client.clone().check(of("wiki")).await.unwrap().into_inner();
    assert_eq!(answer.status(), Status::Serving);
    let unknown = client.clone().check(of("nobody")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound, "{unknown:?}");
    let calls = (0..200).map(|_| {
        let mut client = client.clone();
        async move { client.check(of("wiki")).await.unwrap().into_inner().status() }
    });
    let all: Vec<_> = stream::iter(calls).buffer_unordered(50).collect().await;
    assert!(all.len() == 200 && all.iter().all(|status| *status == Status::Serving));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_streams_for_longer_than_an_answer_may_take_to_begin() {
    let rpc = Rpc::start("timeouts.first_byte = '1s'").await;
    let mut client = HealthClient::new(rpc.channel().await);
    let mut watched = client.watch(of("wiki")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), Status::Serving);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    for (set, expected) in [(ServingStatus::NotServing, Status::NotServing), (ServingStatus::Serving, Status::Serving)]
    {
        let sent = Instant::now();
        rpc.reporter.set_service_status("wiki", set).await;
        assert_eq!(watched.message().await.unwrap().unwrap().status(), expected);
        assert!(sent.elapsed() < Duration::from_millis(500), "{:?}", sent.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_stream_at_once() {
    let rpc = Rpc::start("").await;
    let mut client = ServerReflectionClient::new(rpc.channel_to("mirror.test").await);
    let (sender, mut receiver) = mpsc::channel(1);
    let requests = stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let ask = || ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    sender.send(ask()).await.unwrap();
    let mut answers = client.server_reflection_info(requests).await.unwrap().into_inner();
    for _ in 0..5 {
        let answer = answers.message().await.unwrap().expect("an answer while the requests go on");
        let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else { panic!("{answer:?}") };
        assert!(list.service.iter().any(|service| service.name == "grpc.health.v1.Health"), "{list:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        sender.send(ask()).await.unwrap();
    }
    drop(sender);
    while answers.message().await.unwrap().is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_is_unavailable() {
    let apps = Served::app("rpc", "127.0.0.1", "upstream = 'h2c://127.0.0.1:9'");
    let gateway = Served::start(folder("grpc-gone"), &apps);
    let channel = Channel::from_shared(format!("http://127.0.0.1:{}", gateway.port)).unwrap().connect().await.unwrap();
    let failed = HealthClient::new(channel).check(of("wiki")).await.unwrap_err();
    assert_eq!(failed.code(), Code::Unavailable, "{failed:?}");
}
