//! Bare Pingora with the gateway's settings: the least that a proxy on it can cost.

use async_trait::async_trait;
use pingora::listeners::ListenerConfig;
use pingora::prelude::{HttpPeer, Result};
use pingora::protocols::l4::stream::L4BufferSettings;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use std::net::SocketAddr;
use std::time::Duration;

struct Bare {
    upstream: SocketAddr,
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn early_request_filter(&self, session: &mut Session, (): &mut ()) -> Result<()> {
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(60));
        }
        session.set_read_timeout(Some(Duration::from_secs(60)));
        session.set_write_timeout(Some(Duration::from_secs(60)));
        Ok(())
    }

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> Result<Box<HttpPeer>> {
        let mut peer = HttpPeer::new(self.upstream, false, String::new());
        peer.options.connection_timeout = Some(Duration::from_secs(5));
        peer.options.total_connection_timeout = Some(Duration::from_secs(10));
        peer.options.read_timeout = Some(Duration::from_secs(3600));
        peer.options.write_timeout = Some(Duration::from_secs(60));
        peer.options.idle_timeout = Some(Duration::from_secs(60));
        Ok(Box::new(peer))
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = arguments.as_slice() else {
        eprintln!("usage: bare LISTEN UPSTREAM");
        std::process::exit(2);
    };
    let Ok(upstream) = upstream.parse() else {
        eprintln!("bare: UPSTREAM must be an address and a port");
        std::process::exit(2);
    };
    pingora::tls::install_default_crypto_provider();
    let conf = ServerConf { threads: 1, upstream_keepalive_pool_size: 1024, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut front = http_proxy_service(&server.configuration, Bare { upstream });
    front.threads = Some(1);
    front.add_listener(ListenerConfig::tcp(listen).l4_buffer(L4BufferSettings::new(4096, 1460)));
    server.add_service(front);
    server.run_forever();
}
