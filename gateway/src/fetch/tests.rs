//! What is not fetched, and what is made of an answer.

use super::*;
use tokio::net::TcpListener;

fn web() -> PublicWeb {
    pingora::tls::install_default_crypto_provider();
    PublicWeb::new().unwrap()
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
