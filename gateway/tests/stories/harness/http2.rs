//! An HTTP/2 client over plain TCP ("prior knowledge", RFC 9113 section 3.3), with many requests on one connection.

use super::{Request, Response};
use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// How long any answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// A connection.
pub(crate) struct Http2 {
    runtime: Arc<Runtime>,
    sender: SendRequest<Bytes>,
    left: Arc<AtomicBool>,
}

/// An answer whose body is coming.
pub(crate) struct Incoming {
    runtime: Arc<Runtime>,
    pub(crate) head: Response,
    body: RecvStream,
}

/// What comes of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Data(Vec<u8>),
    /// It is complete, with these trailers.
    End(Vec<(String, String)>),
    /// The stream was reset; `None` if the connection broke.
    Reset(Option<Reason>),
}

impl Http2 {
    pub(crate) fn open(port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let left = Arc::<AtomicBool>::default();
        let leaves = Arc::clone(&left);
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let (sender, connection) = h2::client::handshake(stream).await.unwrap();
            tokio::spawn(async move {
                let _ = connection.await;
                leaves.store(true, Ordering::SeqCst);
            });
            sender.ready().await.unwrap()
        });
        Self { runtime: Arc::new(runtime), sender, left }
    }

    /// What the other side allows at once.
    pub(crate) fn greatest_number_of_streams(&self) -> usize {
        self.sender.current_max_send_streams()
    }

    /// Whether the other side has left.
    pub(crate) fn is_closed(&self) -> bool {
        self.left.load(Ordering::SeqCst)
    }

    /// Sends a request and waits for its whole answer.
    #[track_caller]
    pub(crate) fn send(&mut self, request: &Request) -> Response {
        let mut incoming = self.begin(request);
        loop {
            match incoming.part() {
                Part::Data(data) => incoming.head.body.extend(data),
                Part::End(_) => return incoming.head,
                Part::Reset(reason) => panic!("{request:?} was reset: {reason:?}"),
            }
        }
    }

    /// Sends a request and waits for the head of its answer.
    #[track_caller]
    pub(crate) fn begin(&mut self, request: &Request) -> Incoming {
        self.try_begin(request).unwrap_or_else(|reason| panic!("{request:?} was reset: {reason:?}"))
    }

    /// The same where the answer may be the end of the stream.
    pub(crate) fn try_begin(&mut self, request: &Request) -> Result<Incoming, Option<Reason>> {
        let mut head = http::Request::builder().method(request.method.as_str());
        head = head.uri(format!("http://{}{}", request.host, request.target));
        for (name, value) in &request.headers {
            head = head.header(name, value);
        }
        let (head, body) = (head.body(()).unwrap(), Bytes::from(request.body.clone()));
        let answer = self.runtime.block_on(async {
            let (response, mut sending) = self.sender.send_request(head, body.is_empty()).map_err(|e| e.reason())?;
            if !body.is_empty() {
                let _ = sending.send_data(body, true);
            }
            timeout(PATIENCE, response).await.expect("no answer").map_err(|error| error.reason())
        })?;
        let (parts, body) = answer.into_parts();
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let head = Response {
            url: request.url(),
            status: parts.status.as_u16(),
            headers: parts.headers.iter().map(text).collect(),
            ..Response::default()
        };
        Ok(Incoming { runtime: Arc::clone(&self.runtime), head, body })
    }
}

impl Incoming {
    /// The next part of the body.
    pub(crate) fn part(&mut self) -> Part {
        self.part_within(PATIENCE).expect("nothing came")
    }

    /// The same, if it comes in time.
    pub(crate) fn part_within(&mut self, time: Duration) -> Option<Part> {
        let body = &mut self.body;
        self.runtime.block_on(async { timeout(time, next(body)).await.ok() })
    }
}

async fn next(body: &mut RecvStream) -> Part {
    match body.data().await {
        Some(Ok(data)) => {
            let _ = body.flow_control().release_capacity(data.len());
            Part::Data(data.to_vec())
        }
        Some(Err(error)) => Part::Reset(error.reason()),
        None => match body.trailers().await {
            Ok(trailers) => Part::End(trailers.iter().flat_map(http::HeaderMap::iter).map(field).collect()),
            Err(error) => Part::Reset(error.reason()),
        },
    }
}

fn field((name, value): (&http::HeaderName, &http::HeaderValue)) -> (String, String) {
    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
}
