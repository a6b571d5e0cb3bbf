//! What is not fetched, and what is made of an answer.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn web() -> PublicWeb {
    pingora::tls::install_default_crypto_provider();
    PublicWeb::new()
}

/// Reads from a local server by all rules but those of https and of addresses, which are tested apart.
async fn read_local(server: &TcpListener) -> Result<Fetched, FetchError> {
    pingora::tls::install_default_crypto_provider();
    let client = rules().https_only(false).build().unwrap();
    get(&client, &Url::parse(&format!("http://{}/client.json", server.local_addr().unwrap())).unwrap()).await
}

/// Takes one connection, reads its request and sends `answer`.
async fn serve(server: &TcpListener, answer: &[u8]) -> (String, TcpStream) {
    let (mut stream, _) = server.accept().await.unwrap();
    let mut request = vec![0; 4096];
    let read = stream.read(&mut request).await.unwrap();
    // A client that has seen enough hangs up.
    let _ = stream.write_all(answer).await;
    (String::from_utf8_lossy(&request[..read]).into_owned(), stream)
}

async fn refused(url: &str) -> FetchError {
    web().fetch(&Url::parse(url).unwrap()).await.unwrap_err()
}

#[tokio::test]
async fn cm_13_a_local_server_sees_no_connection() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    for host in ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"] {
        let error = refused(&format!("https://{host}:{port}/client.json")).await;
        assert!(matches!(error, FetchError::Forbidden(_)), "{host}: {error}");
    }
    let seen = tokio::time::timeout(Duration::from_millis(50), server.accept()).await;
    assert!(seen.is_err(), "somebody came");
}

#[tokio::test]
async fn cm_13_the_address_is_checked_where_it_is_connected_to() {
    let Err(error) = PublicOnly.resolve("localhost".parse().unwrap()).await else { panic!("localhost is public") };
    assert!(error.to_string().ends_with("which is not public"), "{error}");
}

#[test]
fn cm_13_one_address_that_is_not_public_refuses_all() {
    let addresses = |texts: &[&str]| texts.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect::<Vec<_>>();
    assert!(public_only("a.ex", &addresses(&["1.1.1.1", "2606:4700::1"])).is_ok());
    assert!(public_only("a.ex", &addresses(&["1.1.1.1", "10.0.0.1"])).is_err());
    assert!(public_only("a.ex", &addresses(&["::ffff:1.1.1.1", "1.1.1.1"])).is_err());
    assert!(public_only("a.ex", &[]).is_err());
}

#[tokio::test]
async fn an_answer_is_read_as_it_is() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let answer = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncache-control: max-age=9\r\n\
        content-length: 2\r\n\r\n{}";
    let (read, (request, _)) = tokio::join!(read_local(&server), serve(&server, answer));
    let read = read.unwrap();
    assert_eq!((read.status, read.content_type.as_deref()), (404, Some("application/json")));
    assert_eq!((read.max_age, &*read.body), (Some(Duration::from_secs(9)), &b"{}"[..]));
    let request = request.to_ascii_lowercase();
    assert!(request.starts_with("get /client.json http/1.1\r\n") && request.contains("accept: application/json\r\n"));
    assert!(!request.contains("accept-encoding") && !request.contains("cookie"), "{request}");
}

#[tokio::test]
async fn cm_05_a_redirect_is_an_answer_and_not_followed() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let answer = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let (read, _) = tokio::join!(read_local(&server), serve(&server, answer));
    assert_eq!(read.unwrap().status, 302);
}

#[tokio::test]
async fn cm_07_a_large_answer_is_not_read_to_its_end() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n".to_vec();
    answer.extend(vec![b' '; 65_537]);
    let (read, _) = tokio::join!(read_local(&server), serve(&server, &answer));
    assert_eq!(read.unwrap_err(), FetchError::TooLarge(65_536));
    let answer = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &vec![b' '; 1 << 20]].concat();
    let (read, _) = tokio::join!(read_local(&server), serve(&server, &answer));
    assert_eq!(read.unwrap_err(), FetchError::TooLarge(65_536), "without a length too");
}

#[tokio::test]
async fn cm_08_a_host_that_never_ends_its_answer_is_left_in_time() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{";
    let both = async { tokio::join!(read_local(&server), serve(&server, answer)) };
    let (read, _open) = tokio::time::timeout(ALL_WITHIN + CONNECT_WITHIN, both).await.unwrap();
    let error = read.unwrap_err();
    assert!(error.to_string().contains("not in time"), "{error}");
}

#[tokio::test]
async fn cm_13_only_https_is_fetched() {
    for url in ["http://agent.example/c", "ftp://agent.example/c", "file:///etc/passwd", "data:application/json,{}"] {
        assert!(matches!(refused(url).await, FetchError::Forbidden(_)), "{url}");
    }
}

#[test]
fn cm_11_how_long_an_answer_may_be_kept() {
    let of = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CACHE_CONTROL, http::HeaderValue::from_static(value));
        }
        max_age(&headers).map(|age| age.as_secs())
    };
    assert_eq!(of(&[]), None);
    assert_eq!(of(&["public"]), None);
    assert_eq!(of(&["public, max-age=600, s-maxage=86400"]), Some(600));
    assert_eq!(of(&["public", "Max-Age=600"]), Some(600));
    assert_eq!(of(&["max-age=600, no-store"]), Some(0));
    assert_eq!(of(&["no-cache"]), Some(0));
    assert_eq!(of(&["max-age=-1"]), Some(0));
    assert_eq!(of(&["max-age=99999999999999999999999"]), Some(0));
}
