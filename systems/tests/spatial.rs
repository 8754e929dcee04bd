//! The level's answers, against a brute-force reference that knows nothing of rapier.

#[path = "spatial/fixture.rs"]
mod fixture;
#[path = "spatial/ground_and_slides.rs"]
mod ground_and_slides;
#[path = "spatial/order.rs"]
mod order;
#[path = "spatial/rays.rs"]
mod rays;
#[path = "spatial/reference.rs"]
mod reference;
#[path = "spatial/solids.rs"]
mod solids;
#[path = "spatial/walks.rs"]
mod walks;
