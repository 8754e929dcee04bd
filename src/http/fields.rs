//! Reads the fields of a JSON object one by one and gathers everything that is wrong with them.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::problem::{FieldError, Problem, ProblemCode};

/// So many faults are told at once; a hostile body has more.
const ERRORS_MAX: usize = 16;

/// A name or key that is quoted back is cut here.
const QUOTED_CHARS_MAX: usize = 40;

/// The fields that have not been read yet, and what was wrong so far.
#[derive(Debug, Default)]
pub struct Fields {
    at: String,
    left: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    pub fn new(body: Map<String, Value>) -> Self {
        Self { at: String::new(), left: body, errors: Vec::new() }
    }

    /// What has not been read yet as JSON with its names in order: the same of what says the same.
    pub fn as_text(&self) -> String {
        serde_json::to_string(&self.left).expect("a map with text keys is JSON")
    }

    /// 1 to `chars_max` characters, none of them a control character.
    pub fn text(&mut self, name: &str, chars_max: usize) -> Option<String> {
        let expected =
            || format!("expected a text of 1 to {chars_max} characters without control characters");
        match self.take(name)? {
            Value::String(text)
                if (1..=chars_max).contains(&text.chars().count()) && !text.chars().any(char::is_control) =>
            {
                Some(text)
            }
            _ => self.fail(name, expected()),
        }
    }

    /// A text that `parse` accepts; its error says what was expected.
    pub fn parsed<T, E: ToString>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(name)? {
            Value::String(text) => match parse(&text) {
                Ok(value) => Some(value),
                Err(error) => self.fail(name, error.to_string()),
            },
            _ => self.fail(name, "expected a text".to_owned()),
        }
    }

    /// A whole number within `range`.
    pub fn number(&mut self, name: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let expected = format!("expected a whole number from {} to {}", range.start(), range.end());
        let number = self.take(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => self.fail(name, expected),
        }
    }

    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(flag) => Some(flag),
            _ => self.fail(name, "expected true or false".to_owned()),
        }
    }

    /// An object whose JSON takes at most `bytes_max`.
    pub fn object(&mut self, name: &str, bytes_max: usize) -> Option<Value> {
        let value = self.take(name)?;
        if value.is_object() && value.to_string().len() <= bytes_max {
            Some(value)
        } else {
            self.fail(name, format!("expected an object of at most {bytes_max} bytes"))
        }
    }

    /// Reads the fields of an object within this one; nothing is read when it is absent.
    pub fn within(&mut self, name: &str, read: impl FnOnce(&mut Fields)) {
        match self.take(name) {
            Some(Value::Object(left)) => {
                let at = format!("{}/{name}", self.at);
                let mut inner = Fields { at, left, errors: std::mem::take(&mut self.errors) };
                read(&mut inner);
                self.errors = inner.gathered();
            }
            Some(_) => {
                self.fail::<()>(name, "expected an object".to_owned());
            }
            None => {}
        }
    }

    /// Notes that `value` is missing when nothing was wrong with it before.
    pub fn required<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        let pointer = self.pointer(name);
        if value.is_none() && self.errors.iter().all(|error| error.pointer != pointer) {
            self.fail::<T>(name, "is required".to_owned());
        }
        value
    }

    pub fn fail<T>(&mut self, name: &str, detail: String) -> Option<T> {
        let pointer = self.pointer(name);
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(FieldError { pointer, detail });
        }
        None
    }

    /// Ends the reading: `make` gives the value once every field was good.
    ///
    /// # Errors
    /// With a pointer to everything that is wrong, unknown fields included.
    pub fn finish<T>(self, make: Option<T>) -> Result<T, Problem> {
        let errors = self.gathered();
        match make {
            Some(value) if errors.is_empty() => Ok(value),
            _ => Err(Problem { errors, ..Problem::new(ProblemCode::InvalidField) }),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    fn gathered(mut self) -> Vec<FieldError> {
        for name in std::mem::take(&mut self.left).into_iter().map(|(name, _)| name) {
            self.fail::<()>(&name, "is not a field of this request".to_owned());
        }
        self.errors
    }

    fn pointer(&self, name: &str) -> String {
        let name: String = name.chars().take(QUOTED_CHARS_MAX).collect();
        format!("{}/{}", self.at, name.replace('~', "~0").replace('/', "~1"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: Value) -> Fields {
        match body {
            Value::Object(body) => Fields::new(body),
            _ => panic!("the test gives an object"),
        }
    }

    fn errors(result: Result<(), Problem>) -> Vec<(String, String)> {
        let errors = result.expect_err("something is wrong").errors;
        errors.into_iter().map(|error| (error.pointer, error.detail)).collect()
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_pointers() {
        let mut body =
            fields(json!({"name": "", "limit": 0, "on": 1, "options": {"a": "x", "b/c": 1}, "extra": []}));
        let name = body.text("name", 10);
        body.required("name", name);
        body.number("limit", 1..=9);
        body.flag("on");
        body.within("options", |options| {
            options.number("a", 0..=1);
        });
        let id = body.text("id", 10);
        body.required("id", id);
        let told = errors(body.finish(Some(())));
        let pointers: Vec<_> = told.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/limit", "/on", "/options/a", "/options/b~1c", "/id", "/extra"]);
        assert_eq!(told[5].1, "is required");
        assert_eq!(told[6].1, "is not a field of this request");
    }

    #[test]
    fn null_stands_for_absent_and_good_fields_pass() {
        let mut body = fields(json!({"name": "a match", "limit": null, "metadata": {"season": 3}}));
        assert_eq!(body.text("name", 10).as_deref(), Some("a match"));
        assert_eq!(body.number("limit", 1..=9), None);
        assert_eq!(body.object("metadata", 100), Some(json!({"season": 3})));
        assert!(body.finish(Some(())).is_ok());
    }

    #[test]
    fn numbers_that_are_no_whole_number_in_range_are_refused() {
        for value in [json!(-1), json!(1.5), json!("1"), json!(1e30), json!(10), json!([])] {
            let mut body = fields(json!({"n": value}));
            assert_eq!(body.number("n", 0..=9), None);
            assert_eq!(errors(body.finish(Some(()))).len(), 1);
        }
    }

    #[test]
    fn a_body_of_a_thousand_unknown_fields_gets_a_short_answer() {
        let body = (0..1_000).map(|at| (format!("{at}{}", "x".repeat(100)), Value::Null)).collect();
        let told = errors(Fields::new(body).finish(Some(())));
        assert_eq!(told.len(), ERRORS_MAX);
        assert!(told.iter().all(|(pointer, _)| pointer.len() < 60));
    }
}
