//! A REST client that keeps everything an answer says.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use realtime_combat_service::auth::Role;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::tokens;

pub const API: &str = "/api/v1/combat";

/// What a request brought back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// `Null` when the body is no JSON.
    pub body: Value,
}

impl Answer {
    /// The answer itself when its status is as expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        let shown = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status, status, "the answer is {shown}");
        self
    }

    /// Checks the shape that every error has, and that it is this one.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        let Answer { body, headers, .. } = &answer;
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert_eq!(body["type"], format!("urn:combat:problem:{code}"), "{body}");
        for text in ["title", "detail"] {
            assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{text} is missing: {body}");
        }
        assert_eq!(body["requestId"].as_str(), headers["x-request-id"].to_str().ok(), "{body}");
        answer
    }

    /// The JSON pointers of a problem's errors.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map_or(&[][..], Vec::as_slice);
        errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
    }

    /// A text of the body.
    #[track_caller]
    pub fn text(&self, field: &str) -> String {
        let found = self.body[field].as_str();
        found.unwrap_or_else(|| panic!("{field} is missing: {}", self.body)).to_owned()
    }

    /// A number of the body.
    #[track_caller]
    pub fn number(&self, field: &str) -> u64 {
        self.body[field].as_u64().unwrap_or_else(|| panic!("{field} is missing: {}", self.body))
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("the header {name} is missing"));
        value.to_str().expect("headers are ASCII")
    }
}

/// A caller with one token; cheap to clone.
#[derive(Clone, Debug)]
pub struct Rest {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    heard: Option<Arc<Mutex<Vec<u8>>>>,
}

impl Rest {
    pub fn anonymous(address: SocketAddr) -> Self {
        Self { http: reqwest::Client::new(), base: format!("http://{address}"), token: None, heard: None }
    }

    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    pub fn holding(&self, role: Role, sub: &str) -> Self {
        self.with_token(tokens::token(role, sub))
    }

    /// Keeps every byte of every body from now on, for searches.
    pub fn recording(&self) -> Self {
        Self { heard: Some(Arc::default()), ..self.clone() }
    }

    pub fn heard(&self) -> Vec<u8> {
        self.heard.as_ref().map(|heard| heard.lock().clone()).unwrap_or_default()
    }

    /// A request to be finished by [`Self::send`]; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.timeout(super::wait::PATIENCE).send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("the body arrives").to_vec();
        if let Some(heard) = &self.heard {
            heard.lock().extend_from_slice(&bytes);
        }
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, headers, bytes, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A session as the server shows it.
    pub async fn session(&self, session: &str) -> Value {
        self.get(&format!("{API}/sessions/{session}")).await.expect(200).body
    }

    /// Creates a session and returns its id.
    pub async fn create(&self, body: &Value) -> String {
        self.post(&format!("{API}/sessions"), body).await.expect(201).text("id")
    }

    pub async fn join(&self, session: &str, body: &Value) -> Answer {
        self.post(&format!("{API}/sessions/{session}/join"), body).await
    }

    pub async fn leave(&self, session: &str, body: &Value) -> Answer {
        self.post(&format!("{API}/sessions/{session}/leave"), body).await
    }

    pub async fn spectate(&self, session: &str, body: &Value) -> Answer {
        self.post(&format!("{API}/sessions/{session}/spectate"), body).await
    }

    pub async fn end(&self, session: &str) -> Answer {
        self.delete(&format!("{API}/sessions/{session}")).await
    }

    /// The value of a metric, summed over the label sets whose text contains `labels`; 0 before its first use.
    pub async fn metric(&self, name: &str, labels: &str) -> f64 {
        let text = self.get("/metrics").await.expect(200).bytes;
        let text = String::from_utf8(text).expect("metrics are text");
        let lines = text.lines().filter(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(['{', ' ']) && rest.contains(labels))
        });
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

/// A deathmatch in the arena without an end.
pub fn arena() -> Value {
    json!({"name": "test", "type": "training", "mapId": "arena", "gameMode": "deathmatch"})
}

/// A deathmatch for two in the small box: everybody meets soon.
pub fn duel_box() -> Value {
    json!({"name": "test", "type": "training", "mapId": "duel-box", "gameMode": "deathmatch"})
}

/// `body` with another value at `field`.
pub fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}
