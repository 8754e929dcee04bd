//! Where fields are written: one implementation per encoding.

use super::message::Kind;

/// Takes the fields of a message in order. `what` is a field's name; inside rows it is ignored.
pub(crate) trait Sink {
    fn open_message(&mut self, kind: Kind);
    /// A message inside a message: fields by name where the encoding has names.
    fn open_part(&mut self, what: &'static str, fields: usize);
    /// A row or list of `items` values.
    fn open_list(&mut self, what: &'static str, items: usize);
    fn close(&mut self);
    fn integer(&mut self, what: &'static str, value: i64);
    fn text(&mut self, what: &'static str, value: &str);
    fn boolean(&mut self, what: &'static str, value: bool);
    fn nil(&mut self, what: &'static str);
}
