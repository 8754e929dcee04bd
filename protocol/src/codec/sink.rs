//! Where fields are written: one implementation per encoding.

use super::kinds::Kind;
use crate::numbers::Numbered;

/// Takes the fields of a message in order. `what` is a field's name; inside rows it is ignored.
pub(super) trait Sink {
    fn open_message(&mut self, kind: Kind);
    /// A message inside a message: fields by name where the encoding has names.
    fn open_part(&mut self, what: &'static str, fields: u32);
    /// A row or list of `items` values.
    fn open_list(&mut self, what: &'static str, items: usize);
    fn close(&mut self);
    fn integer(&mut self, what: &'static str, value: i64);
    fn text(&mut self, what: &'static str, value: &str);
    fn boolean(&mut self, what: &'static str, value: bool);
    fn nil(&mut self, what: &'static str);

    fn optional(&mut self, what: &'static str, value: Option<impl Into<i64>>) {
        match value {
            Some(value) => self.integer(what, value.into()),
            None => self.nil(what),
        }
    }

    fn numbered(&mut self, what: &'static str, value: impl Numbered) {
        self.integer(what, value.number().into());
    }

    fn list<T>(&mut self, what: &'static str, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.open_list(what, items.len());
        items.iter().for_each(|item| each(self, item));
        self.close();
    }

    fn integers(&mut self, what: &'static str, values: &[i32]) {
        self.list(what, values, |sink, value| sink.integer("", i64::from(*value)));
    }
}
