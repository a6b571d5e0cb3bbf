//! The composition root: makes the parts, gives them to each other, and hands them to Pingora.

mod acme;
mod admin;
mod delivery;
mod handover;
mod lifecycle;
mod redirect;
mod tasks;

use crate::config::{self, Config, Secret};
use crate::fetch::PublicWeb;
use crate::gateway::{Gateway, World};
use crate::mail::{Letters, Post};
use crate::proxy::{Connections, Front, Health, Proxy, Upstreams};
use crate::store::{self, Stores};
use crate::telemetry::{Recorder, Refused};
use crate::world::System;
use handover::Handover;
use lifecycle::Signals;
use pingora::listeners::ListenerConfig;
use pingora::protocols::l4::stream::L4BufferSettings;
use pingora::proxy::http_proxy;
use pingora::server::Server;
use pingora::server::configuration::Opt;
use pingora::server::configuration::ServerConf;
use pingora::services::background::background_service;
use pingora::services::listening::Service;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// What keeps the gateway from starting.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// There is nobody to take the sockets over from.
    #[error("no gateway listens at these addresses that could hand its sockets over; start without `--upgrade`")]
    NoPredecessor,
    /// The store cannot be used.
    #[error("{0}")]
    Store(#[from] oauth::store::StoreError),
    /// TLS cannot be spoken.
    #[error("TLS cannot be spoken: {0}")]
    Tls(String),
    /// The process lacks something from the operating system.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

/// How a gateway begins.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The file of the configuration, which is read again when it changes.
    pub file: Option<PathBuf>,
    /// Whether it takes the sockets over from the gateway that runs.
    pub upgrade: bool,
}

/// Runs a gateway until it is told to stop.
///
/// # Errors
/// When it cannot start.
pub fn run(config: Config, start: Start) -> Result<(), Failure> {
    pingora::tls::install_default_crypto_provider();
    // A file for each connection: the usual soft limit of 1024 is for programs that use `select`.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    match (start.upgrade, check_addresses(&config)) {
        (true, Ok(())) => return Err(Failure::NoPredecessor),
        (true, Err(_)) => {}
        (false, free) => free?,
    }
    let handover = Handover::prepare(&config.server.upgrade_folder)?;
    if !start.upgrade {
        handover.tidy();
    }
    let settings = config.server.clone();
    let parts = Parts::make(config)?;
    let (gateway, connections) = (Arc::clone(&parts.gateway), Arc::clone(&parts.connections));

    let options = Opt { upgrade: start.upgrade, ..Opt::default() };
    let mut server = Server::new_with_opt_and_conf(options, server_conf(&settings, &handover));
    server.bootstrap();
    server.add_service(parts.front(&server, &settings));
    if !settings.redirect_listen.is_empty() {
        server.add_service(redirect::service(Arc::clone(&gateway), &settings.redirect_listen));
    }
    if let Some(address) = settings.admin_listen {
        server.add_service(admin::service(Arc::clone(&gateway), address));
    }
    let is_stopped = parts.work_beside(&mut server, start.file);
    let signals = Signals::new(Arc::clone(&gateway), settings.drain_delay, handover);
    lifecycle::run(server, signals, &is_stopped, &connections, settings.drain_timeout);
    for_now()?.block_on(tasks::write_uses(&gateway.world));
    Ok(())
}

/// What the services of a gateway share, and what one of them alone empties.
struct Parts {
    gateway: Arc<Gateway>,
    connections: Arc<Connections>,
    upstreams: Arc<Upstreams>,
    store: Arc<dyn Stores>,
    refusals: tokio::sync::mpsc::Receiver<Refused>,
    letters: Letters,
}

impl Parts {
    /// Opens the store, the keys and the certificates.
    fn make(config: Config) -> Result<Self, Failure> {
        let store = store::open(&config.store.url)?;
        let at_rest = store::sealer(config.store.key.as_ref().map(Secret::expose), &config.store.url, &System)?;
        let (recorder, refusals) = Recorder::new();
        let (post, letters) = Post::new();
        let starting = for_now()?;
        heed_hangup(&starting)?;
        let world = World::open(
            (Arc::clone(&store), &at_rest, &config.keys),
            Arc::new(System),
            Arc::new(System),
            Arc::new(PublicWeb::new()),
            (recorder, post),
        );
        let world = starting.block_on(world)?;
        world.tls.start(&config.server).map_err(Failure::Tls)?;
        let gateway = Arc::new(Gateway::new(world, config));
        Ok(Self {
            gateway,
            connections: Arc::default(),
            upstreams: Arc::new(Upstreams::new()),
            store,
            refusals,
            letters,
        })
    }

    /// Where requests come in.
    fn front(&self, server: &Server, settings: &config::Server) -> Service<Front> {
        let (gateway, connections) = (&self.gateway, &self.connections);
        let proxy = Proxy::new(Arc::clone(gateway), Arc::clone(connections), Arc::clone(&self.upstreams));
        let proxy = http_proxy(&server.configuration, proxy);
        let front = Front::new(Arc::clone(gateway), Arc::clone(connections), proxy);
        let filter = front.filter();
        let mut front = Service::new("front".to_owned(), front);
        front.threads = Some(settings.threads);
        front.set_connection_filter(filter);
        for address in &settings.listen {
            front.add_listener(listener(*address));
        }
        front
    }

    /// Adds what goes on beside the requests. The end that is given back is told when nobody listens any more.
    fn work_beside(self, server: &mut Server, file: Option<PathBuf>) -> mpsc::Receiver<()> {
        let Self { gateway, connections, upstreams, store, refusals, letters } = self;
        let (stopped, is_stopped) = mpsc::channel();
        let orders = acme::Acme::new(Arc::clone(&gateway));
        server.add_service(background_service("acme", orders));
        let health = Health::new(Arc::clone(&gateway), upstreams);
        server.add_service(background_service("health", health));
        let delivery = delivery::Delivery::new(Arc::clone(&gateway), letters);
        server.add_service(background_service("mail", delivery));
        let tasks = tasks::Tasks::new((gateway, connections), store, (refusals, file), stopped);
        server.add_service(background_service("tasks", tasks));
        is_stopped
    }
}

/// A runtime for what is done before Pingora's run, and after.
fn for_now() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Where the front listens. TLS is spoken by the front itself: what comes before it is ours to read then.
fn listener(address: SocketAddr) -> ListenerConfig {
    // Small read buffers: ten thousand idle clients must not cost a gigabyte.
    ListenerConfig::tcp(address.to_string()).l4_buffer(L4BufferSettings::new(4096, 1460))
}

/// From here on SIGHUP does not end the process; once the tasks run, it makes them read the configuration again.
fn heed_hangup(runtime: &Runtime) -> std::io::Result<()> {
    let _inside = runtime.enter();
    signal(SignalKind::hangup()).map(drop)
}

/// Pingora's own settings. The pid file has a world-known default path, and is not used.
fn server_conf(settings: &config::Server, handover: &Handover) -> ServerConf {
    ServerConf {
        threads: settings.threads,
        upstream_keepalive_pool_size: 1024,
        upgrade_sock: handover.socket(),
        // Pingora waits this out in full; we end before.
        grace_period_seconds: Some((settings.drain_timeout + lifecycle::MARGIN).as_secs()),
        graceful_shutdown_timeout_seconds: Some(5),
        ..ServerConf::default()
    }
}

/// Finds out before Pingora does, which would panic.
pub(crate) fn check_addresses(config: &Config) -> Result<(), Failure> {
    let server = &config.server;
    for address in server.listen.iter().chain(&server.redirect_listen).chain(&server.admin_listen) {
        TcpListener::bind(address).map_err(|error| Failure::Listen { address: *address, reason: error.to_string() })?;
    }
    Ok(())
}
