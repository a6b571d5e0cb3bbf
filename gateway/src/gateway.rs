//! What a request works with: the world that lives as long as the process, and the snapshot of the configuration that is
//! taken once per request.

mod keys;
mod outage;

use crate::approval::PolicyApproval;
use crate::config::Config;
use crate::known::Memory;
use crate::limits::{Buckets, Held, Limits};
use crate::mail::Post;
use crate::pages::Look;
use crate::relying_party::Providers;
use crate::replay::Replays;
use crate::request::Request;
use crate::route::Routes;
use crate::store::Stores;
use crate::telemetry::{Metrics, Recorder, Uses};
use crate::tls::Tls;
use arc_swap::ArcSwap;
use http::HeaderValue;
use keys::open_keys;
use oauth::app::Realm;
use oauth::client_document::Documents;
use oauth::foreign_keys::ForeignKeys;
use oauth::keys::{KeyPlan, Keyring};
use oauth::seal::Sealer;
use oauth::store::StoreError;
use oauth::world::{Clock, Fetch, Random};
use outage::Outage;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// Everything that outlives a reload.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Stores>,
    pub(crate) keys: Arc<Keyring>,
    /// Seals what lies in the store for longer than keys are kept.
    pub(crate) at_rest: Sealer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) foreign_keys: Arc<ForeignKeys>,
    pub(crate) memory: Memory,
    pub(crate) replays: Replays,
    pub(crate) limits: Limits,
    pub(crate) buckets: Buckets,
    pub(crate) held: Arc<Held>,
    pub(crate) recorder: Recorder,
    pub(crate) post: Post,
    pub(crate) metrics: Metrics,
    pub(crate) uses: Uses,
    pub(crate) tls: Tls,
    pub(crate) outage: Outage,
    seen_epoch: AtomicU64,
    /// Whether the last look at the keys failed.
    keys_unknown: AtomicBool,
}

impl World {
    /// Loads the keys and opens the world. The recorder's task is the caller's to run.
    pub(crate) async fn open(
        (store, at_rest, plan): (Arc<dyn Stores>, &Sealer, &KeyPlan),
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        fetch: Arc<dyn Fetch>,
        (recorder, post): (Recorder, Post),
    ) -> Result<Self, StoreError> {
        let seen_epoch = AtomicU64::new(store.epoch().await?);
        let keys = open_keys(&*as_oauth(&store), at_rest, &*random, plan, clock.now()).await?;
        let (memory, limits, metrics) = (Memory::new(), Limits::new(), Metrics::new());
        let uses = Uses::default();
        let (keys, documents, foreign_keys) = (Arc::new(keys), Arc::default(), Arc::default());
        let keys_unknown = AtomicBool::new(false);
        Ok(Self {
            store,
            keys,
            at_rest: at_rest.clone(),
            clock,
            random,
            fetch,
            documents,
            foreign_keys,
            memory,
            replays: Replays::default(),
            limits,
            buckets: Buckets::new(),
            held: Arc::default(),
            recorder,
            post,
            metrics,
            uses,
            tls: Tls::default(),
            outage: Outage::new(),
            seen_epoch,
            keys_unknown,
        })
    }

    /// Forgets what was verified if something was taken away since, here or by another process, and looks at the keys again.
    /// Forgets it too when nobody can say: a store that is out of reach may have revoked everything.
    pub(crate) async fn heed_revocations(&self) -> Result<(), StoreError> {
        match self.store.epoch().await {
            Ok(epoch) => self.heed_epoch(epoch).await,
            Err(broken) => {
                self.memory.forget();
                Err(broken)
            }
        }
    }

    /// The same at times, where nothing is known to have been taken away. While the store cannot be asked, what was verified
    /// before is remembered for `grace`, and no longer; what was taken away meanwhile is heeded as soon as it can be asked.
    pub(crate) async fn look_for_revocations(&self, grace: Duration) -> Result<(), StoreError> {
        let looked = timeout(LOOK, self.store.epoch()).await;
        match looked.unwrap_or_else(|_| Err(StoreError("it does not answer".to_owned()))) {
            Ok(epoch) => {
                let heeded = self.heed_epoch(epoch).await;
                self.outage.heard();
                heeded
            }
            Err(broken) => {
                if self.outage.failed() >= grace {
                    self.memory.forget();
                }
                Err(broken)
            }
        }
    }

    async fn heed_epoch(&self, epoch: u64) -> Result<(), StoreError> {
        let unchanged = self.seen_epoch.swap(epoch, Ordering::AcqRel) == epoch;
        if !unchanged {
            self.memory.forget();
        }
        if unchanged && !self.keys_unknown.load(Ordering::Acquire) { Ok(()) } else { self.refresh_keys().await }
    }

    /// Writes what is good to know, and no reason to refuse anybody when it cannot be written; gives whether it was.
    pub(crate) async fn note(&self, writing: impl Future<Output = Result<(), StoreError>>) -> bool {
        matches!(timeout(NOTE, writing).await, Ok(Ok(())))
    }
}

/// How long a look at the store may take.
const LOOK: Duration = Duration::from_secs(1);

/// How long a request waits for a note.
const NOTE: Duration = Duration::from_millis(500);

fn as_oauth(store: &Arc<dyn Stores>) -> Arc<dyn oauth::store::Store> {
    Arc::clone(store) as Arc<dyn oauth::store::Store>
}

/// One configuration, ready to be used.
pub(crate) struct Snapshot {
    pub(crate) config: Arc<Config>,
    pub(crate) routes: Routes,
    pub(crate) oauth: oauth::Server,
    /// The external identity providers, with what was learned from them.
    pub(crate) providers: Providers,
}

impl Snapshot {
    fn new(world: &World, config: Config) -> Self {
        let config = Arc::new(config);
        let approval = Arc::new(PolicyApproval::new(Arc::clone(&world.store), Arc::clone(&config)));
        let apps = config.apps.iter().map(|(id, app)| (id.clone(), app.oauth.clone())).collect();
        let oauth = oauth::Server {
            realm: Arc::new(Realm { login: config.auth.origin.url(), apps }),
            store: as_oauth(&world.store),
            keys: Arc::clone(&world.keys),
            keys_max_age: config.keys.max_age(),
            random: Arc::clone(&world.random),
            approval,
            fetch: Arc::clone(&world.fetch),
            documents: Arc::clone(&world.documents),
            foreign_keys: Arc::clone(&world.foreign_keys),
        };
        Self { routes: Routes::new(&config), providers: Providers::new(&config), config, oauth }
    }

    /// How a page looks to whoever asks.
    pub(crate) fn look(&self, request: &Request) -> Look<'_> {
        self.config.brand.look(request.hints.languages.as_deref())
    }
}

impl Snapshot {
    /// What answers of a host say of https (`Strict-Transport-Security`, RFC 6797), if it is one of ours and has https.
    pub(crate) fn hsts(&self, host: &str) -> Option<HeaderValue> {
        let lasting = self.config.server.hsts?;
        self.routes.secure_host(host)?;
        HeaderValue::from_str(&format!("max-age={}", lasting.as_secs())).ok()
    }
}

/// The gateway: the world and the current snapshot.
pub(crate) struct Gateway {
    pub(crate) world: World,
    current: ArcSwap<Snapshot>,
    /// Whether it is about to stop, and to say so.
    draining: AtomicBool,
    /// Whether clients are told to leave their connections.
    leaving: AtomicBool,
}

impl Gateway {
    pub(crate) fn new(world: World, config: Config) -> Self {
        let current = ArcSwap::from_pointee(Snapshot::new(&world, config));
        Self { world, current, draining: AtomicBool::new(false), leaving: AtomicBool::new(false) }
    }

    /// The configuration of now, for one request from its start to its end.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// From now on it says that it is not ready, and keeps no connection.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.leave();
    }

    /// From now on it keeps no connection.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    /// Whether clients are to leave their connections.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// Whether it is about to stop.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Puts a new configuration in place. Requests under way end with the old one.
    pub(crate) fn replace(&self, config: Config) {
        self.current.store(Arc::new(Snapshot::new(&self.world, config)));
        self.world.memory.forget();
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gateway")
    }
}
