//! Players that play by themselves: for the demo, to fill places, and for measuring.
//!
//! A bot knows what a client is sent and says what a client says; there is no second way in.

pub mod aim;
pub mod brain;
pub mod demo;
pub mod driver;
mod legs;
pub mod messages;
mod routes;
pub mod skill;
mod watch;

#[cfg(test)]
pub(crate) mod tests;

pub use brain::Brain;
pub use driver::BotCrew;
pub use messages::Messages;
pub use watch::Field;
