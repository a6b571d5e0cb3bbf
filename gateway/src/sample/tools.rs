//! `/mcp`: an MCP server (streamable HTTP, with and without sessions) with a few harmless tools.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::SystemTime;

use http::request::Parts;
use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, schemars, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::caller::Caller;

pub(super) type Service = StreamableHttpService<Tools, LocalSessionManager>;

pub(super) fn service(clock: fn() -> SystemTime) -> Service {
    // `Host` is the public name of the app, which only the gateway knows; it refuses every other
    // one before the request gets here. So any host is taken, against rmcp's default of loopback
    // names only, which guards servers that browsers can reach directly.
    let config = StreamableHttpServerConfig::default().disable_allowed_hosts();
    let sessions = Arc::new(LocalSessionManager::default());
    Service::new(move || Ok(Tools { clock }), sessions, config)
}

pub(super) struct Tools {
    clock: fn() -> SystemTime,
}

#[tool_handler(
    name = "doorward-sample",
    instructions = "The sample app of Doorward. Call whoami to see who the gateway says is asking, and through which client."
)]
impl ServerHandler for Tools {}

#[tool_router]
impl Tools {
    #[tool(
        description = "Says who the gateway says is asking, and through which client",
        annotations(read_only_hint = true, open_world_hint = false)
    )]
    fn whoami(&self, Extension(request): Extension<Parts>) -> Json<WhoAmI> {
        // Read from this very request, not from the one that opened the session: a session id
        // says nothing about who sends it.
        let caller = Caller::of(&request.headers);
        Json(WhoAmI {
            client_id: caller.act("client_id").map(str::to_owned),
            client_name: caller.act("client_name").map(str::to_owned),
            email: caller.email,
            user: caller.user,
            groups: caller.groups,
        })
    }

    #[tool(description = "Adds two numbers", annotations(read_only_hint = true, open_world_hint = false))]
    fn add(&self, Parameters(Add { a, b }): Parameters<Add>) -> String {
        (a + b).to_string()
    }

    #[tool(description = "Rolls a die", annotations(read_only_hint = true, open_world_hint = false))]
    fn roll_dice(&self, Parameters(RollDice { sides }): Parameters<RollDice>) -> String {
        // Random enough for a game that nobody plays for money.
        let mut hasher = DefaultHasher::new();
        (self.clock)().hash(&mut hasher);
        (1 + hasher.finish() % u64::from(sides.get())).to_string()
    }

    #[tool(description = "Says what time it is (UTC)", annotations(read_only_hint = true, open_world_hint = false))]
    fn now(&self) -> String {
        humantime::format_rfc3339_seconds((self.clock)()).to_string()
    }
}

#[derive(Serialize, JsonSchema)]
struct WhoAmI {
    /// The person's e-mail address
    email: Option<String>,
    /// The person's identifier
    user: Option<String>,
    /// The groups the person is in
    groups: Vec<String>,
    /// The client that acts for the person; absent if the person asks directly
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The name of that client
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Add {
    a: f64,
    b: f64,
}

#[derive(Deserialize, JsonSchema)]
struct RollDice {
    /// How many sides the die has
    sides: NonZeroU32,
}
