//! What a run needs of REST: sessions created, joined and ended.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Creating and joining answer after a commit; a server at its limit takes longer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Of an answer that is no problem document, this much is shown.
const SHOWN_CHARS_MAX: usize = 200;

/// A server's REST, spoken to as a service.
#[derive(Clone, Debug)]
pub struct Rest {
    client: Client,
    base: String,
    token: String,
}

/// A session as it was created.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedSession {
    pub id: String,
    pub map_hash: String,
    pub ruleset: CreatedRuleset,
    pub tick_rate_hz: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub struct CreatedRuleset {
    pub hash: String,
}

/// A place that was taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    pub ticket: String,
    pub resume_token: String,
    pub ws_url: String,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    detail: Option<String>,
}

/// What a run plays.
#[derive(Clone, Debug)]
pub struct SessionWish {
    pub map: String,
    pub mode: String,
    pub players: u8,
    pub tick_rate_hz: Option<u32>,
    /// Longer than the run.
    pub time_limit_s: u32,
}

impl Rest {
    /// # Errors
    /// When the client cannot be made.
    pub fn new(url: &str, token: String) -> anyhow::Result<Self> {
        let client =
            Client::builder().timeout(TIMEOUT).no_proxy().build().context("cannot make an HTTP client")?;
        let base = format!("{}/api/v1/combat", url.trim_end_matches('/'));
        Ok(Self { client, base, token })
    }

    /// # Errors
    /// When the server cannot be reached or refuses; one line says why.
    pub async fn create(&self, number: u32, wish: &SessionWish) -> anyhow::Result<CreatedSession> {
        let body = json!({
            "name": format!("load {number}"),
            "type": "training",
            "mapId": wish.map,
            "gameMode": wish.mode,
            "maxPlayers": wish.players.max(2),
            "tickRateHz": wish.tick_rate_hz,
            "options": {"timeLimitS": wish.time_limit_s, "scoreLimit": 0},
            "metadata": {"load": number},
        });
        self.call(Method::POST, "/sessions", Some(without_nulls(body)))
            .await
            .context("cannot create a session")
    }

    /// # Errors
    /// As [`Self::create`].
    pub async fn join(&self, session: &str, player: &str) -> anyhow::Result<Joined> {
        let body = json!({"playerId": player});
        self.call(Method::POST, &format!("/sessions/{session}/join"), Some(body)).await.context("cannot join")
    }

    /// # Errors
    /// As [`Self::create`].
    pub async fn end(&self, session: &str) -> anyhow::Result<()> {
        let path = format!("/sessions/{session}");
        self.call::<Value>(Method::DELETE, &path, None).await.context("cannot end a session").map(|_| ())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<T> {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method, &url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.with_context(|| format!("no answer from {url}"))?;
        let status = response.status();
        let text = response.text().await.with_context(|| format!("no whole answer from {url}"))?;
        if status.is_success() {
            return serde_json::from_str(&text)
                .with_context(|| format!("{url} answered with something else"));
        }
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => bail!("{status}: {} {}", problem.code, problem.detail.unwrap_or_default()),
            Err(_) => bail!("{status}: {}", text.chars().take(SHOWN_CHARS_MAX).collect::<String>()),
        }
    }
}

fn without_nulls(mut body: Value) -> Value {
    if let Value::Object(fields) = &mut body {
        fields.retain(|_, value| !value.is_null());
    }
    body
}
