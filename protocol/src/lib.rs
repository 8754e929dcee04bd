//! Wire messages of the combat protocol: codecs, delta frames, close codes and reason codes.

mod change;
pub mod client;
pub mod client_view;
pub mod close;
pub mod codec;
pub mod draft;
mod event;
pub mod frame;
mod hit;
pub mod limits;
pub mod numbers;
pub mod pose;
pub mod reasons;
pub mod server;
pub mod view;

pub use codec::Encoding;
