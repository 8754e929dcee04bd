//! Reads query parameters by name and refuses the others.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use super::problem::{FieldError, Problem, ProblemCode};

/// No route has more parameters.
const PARAMETERS_MAX: usize = 16;

/// The parameters that have not been read yet.
pub struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let malformed = || Problem::invalid("?", "expected parameters of the form name=value");
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(parameters) = query.map_err(|_| malformed())?;
        if parameters.len() > PARAMETERS_MAX { Err(malformed()) } else { Ok(Self(parameters)) }
    }
}

impl Parameters {
    /// The last value of `name`, parsed; `default` when there is none.
    ///
    /// # Errors
    /// When `parse` refuses the value, with what was expected.
    pub fn read<T>(
        &mut self,
        name: &str,
        default: T,
        parse: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Result<T, Problem> {
        let mut value = Ok(default);
        for (_, text) in self.0.extract_if(.., |(known, _)| known == name) {
            value = parse(&text)
                .ok_or_else(|| Problem::invalid(format!("?{name}"), format!("expected {expected}")));
        }
        value
    }

    /// # Errors
    /// When a parameter was not read.
    pub fn finish(self) -> Result<(), Problem> {
        let error = |(name, _): (String, String)| FieldError {
            pointer: format!("?{}", name.chars().take(40).collect::<String>()),
            detail: "is not a parameter of this route".to_owned(),
        };
        let errors: Vec<_> = self.0.into_iter().map(error).collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Problem { errors, ..Problem::new(ProblemCode::InvalidField) })
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn read(query: &str) -> Result<u32, Problem> {
        let (mut parts, ()) =
            Request::builder().uri(format!("/?{query}")).body(()).expect("a request").into_parts();
        let mut parameters = Parameters::from_request_parts(&mut parts, &()).await?;
        let limit = parameters.read("limit", 50, |text| text.parse().ok(), "a whole number")?;
        parameters.finish().map(|()| limit)
    }

    #[tokio::test]
    async fn parameters_have_defaults_and_unknown_ones_are_refused_by_name() {
        assert_eq!(read("").await, Ok(50));
        assert_eq!(read("limit=7").await, Ok(7));
        let pointer = async |query| read(query).await.expect_err(query).errors[0].pointer.clone();
        assert_eq!(pointer("limit=x").await, "?limit");
        assert_eq!(pointer("limit=1&limt=2").await, "?limt");
        assert_eq!(pointer(&"a=1&".repeat(17)).await, "?");
    }
}
