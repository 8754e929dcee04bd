//! Where the server is reached from outside, and which pages may call it.

use std::fmt;

use axum::http::Uri;
use axum::http::uri::{Authority, Scheme};

/// `https://combat.example.com` or with a path in front of every route; no query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    secure: bool,
    authority: String,
    /// Without a slash at the end.
    path: String,
}

impl PublicUrl {
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let secure = is_secure(uri.scheme()?)?;
        let authority = plain(uri.authority()?)?;
        match uri.query() {
            None => Some(Self { secure, authority, path: uri.path().trim_end_matches('/').to_owned() }),
            Some(_) => None,
        }
    }

    /// What a client's `Host` header claims, when it is a plain host with an optional port.
    pub fn from_host_header(host: &str) -> Option<Self> {
        let authority = plain(&host.parse().ok()?)?;
        Some(Self { secure: false, authority, path: String::new() })
    }

    /// `path` starts with a slash; the answer starts with `ws://` or `wss://`.
    pub fn web_socket(&self, path: &str) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{}{}{path}", self.authority, self.path)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

/// The `Origin` of a page: scheme, host and port, as a browser writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        is_secure(uri.scheme()?)?;
        let authority = plain(uri.authority()?)?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        is_bare
            .then(|| Self(format!("{}://{}", uri.scheme_str().unwrap_or("https"), authority.to_lowercase())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this page came from the host that it calls.
    pub fn is_of_host(&self, host: &str) -> bool {
        self.0.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
    }
}

/// The value of `ALLOWED_ORIGINS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(pub Vec<Origin>);

fn is_secure(scheme: &Scheme) -> Option<bool> {
    match scheme.as_str() {
        "http" => Some(false),
        "https" => Some(true),
        _ => None,
    }
}

fn plain(authority: &Authority) -> Option<String> {
    let text = authority.as_str();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_');
    (!authority.host().is_empty() && text.chars().all(allowed)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_becomes_a_web_socket_url_with_its_path_in_front() {
        let check = |url: &str, expected: &str| {
            assert_eq!(PublicUrl::parse(url).expect(url).web_socket("/api"), expected);
        };
        check("https://combat.example.com", "wss://combat.example.com/api");
        check("https://example.com:8443/combat/", "wss://example.com:8443/combat/api");
        check("http://[::1]:8085", "ws://[::1]:8085/api");
    }

    #[test]
    fn what_is_no_plain_url_is_refused() {
        for url in [
            "",
            "combat.example.com",
            "ftp://example.com",
            "https://a:b@example.com",
            "https://",
            "http://x/?y",
        ] {
            assert_eq!(PublicUrl::parse(url), None, "{url}");
        }
    }

    #[test]
    fn a_host_header_with_anything_but_host_and_port_is_refused() {
        assert!(PublicUrl::from_host_header("localhost:8085").is_some());
        for host in ["", "a/b", "user@host", "a b", "host\"", "host,other", "a<b"] {
            assert_eq!(PublicUrl::from_host_header(host), None, "{host}");
        }
    }

    #[test]
    fn an_origin_belongs_to_the_host_it_names_whatever_the_case() {
        let origin = Origin::parse("https://Game.example.com:8443").expect("an origin");
        assert!(origin.is_of_host("game.EXAMPLE.com:8443"));
        assert!(!origin.is_of_host("game.example.com"));
        assert_eq!(Origin::parse("https://game.example.com/page"), None);
        assert_eq!(Origin::parse("null"), None);
    }
}
