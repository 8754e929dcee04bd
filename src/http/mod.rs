//! REST: one file per resource, one router, one catalogue of problems, one accept loop.

mod accept;
mod body;
mod caller;
mod caps;
mod fields;
mod health;
mod idempotency;
mod maps;
mod metrics;
mod observe;
mod page;
mod participation;
mod place;
mod problem;
mod query;
mod router;
mod rulesets;
mod session_body;
mod session_path;
mod sessions;
mod spectate;
mod tagged;
mod upgrade;

use std::ops::Deref;
use std::sync::Arc;

use combat_components::tick::TickRate;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use accept::{Acceptor, Peer};
pub use caps::{ConnectionCaps, ConnectionPermit};
pub use health::{Dependency, DependencyState, Readiness};
pub use problem::{Problem, ProblemCode, problems_table};
pub use router::{metrics_router, router};
pub use upgrade::{Admission, SocketRefusal, Who, WsHandover};

use crate::auth::{RequestKeys, ResumeKeys, Tickets, TokenKeys};
use crate::config::{Origin, PublicUrl};
use crate::session::registry::Registry;
use crate::telemetry::Metrics;

/// What every route may use; cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<ApiParts>);

/// Made by the composition root.
pub struct ApiParts {
    pub registry: Registry,
    pub tokens: TokenKeys,
    pub tickets: Tickets,
    pub resume: ResumeKeys,
    pub request_keys: RequestKeys,
    pub metrics: Arc<Metrics>,
    pub readiness: Readiness,
    /// Anybody may list and watch.
    pub is_development: bool,
    pub public_url: Option<PublicUrl>,
    pub allowed_origins: Vec<Origin>,
    /// Of sessions whose creator names none.
    pub tick_rate: TickRate,
    /// Whether `/metrics` is on this router.
    pub serves_metrics: bool,
    /// Where sockets run.
    pub tasks: TaskTracker,
    /// Sockets close with `draining` when this is cancelled.
    pub stop: CancellationToken,
}

impl Api {
    pub fn new(parts: ApiParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Api {
    type Target = ApiParts;

    fn deref(&self) -> &ApiParts {
        &self.0
    }
}
