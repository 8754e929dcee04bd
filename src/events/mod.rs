//! Events outside the simulation: their JSON, made from the one table; the feed of a session's durable ones, and what is
//! derived from it.

mod feed;
mod projection;

use combat_components::event::Event;
use combat_components::event_table::Cell;
use serde_json::{Map, Value, json};

pub use self::feed::{FEED_EVENTS_MAX, Feed, FeedTick, FeedWriter};
pub use self::projection::{FollowError, Follower, Projection};

/// An object with a `type` and what that type has; players by `simId`, places in millimetres, damage in points.
pub fn as_json(event: &Event) -> Value {
    let mut object = Map::new();
    object.insert("type".to_owned(), json!(event.type_name()));
    event.tell_cells(|name, cell| {
        object.insert(name.to_owned(), cell_as_json(cell));
    });
    Value::Object(object)
}

fn cell_as_json(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => json!(number),
        Cell::Code(code) => json!(code),
        Cell::Points(thousandths) => json!(thousandths as f64 / 1_000.0),
        Cell::Vector(vector) => json!(vector),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use combat_components::cause::Cause;
    use combat_components::event_table::{Column, EVENT_TYPES};
    use combat_components::ids::SimId;
    use combat_components::quantity::{MilliPoints, Vec3Mm};
    use combat_components::verdict::{Harm, Zone};

    use super::*;

    #[test]
    fn numbers_words_points_places_and_nothing_are_written_as_json_has_them() {
        let (attacker, victim, zone) = (SimId(1), SimId(2), Zone::Head);
        let (by, cause) = (Some(attacker), Cause::Weapon(3));
        let harm =
            Harm { taken: MilliPoints(30_000), absorbed: MilliPoints(1_500), overkill: MilliPoints(0) };
        let (amount, remaining_health) = (MilliPoints(31_500), MilliPoints(70_000));
        let damaged = Event::Damaged { by, cause, victim, zone, amount, harm, remaining_health };
        let expected = r#"{"absorbed":1.5,"amount":31.5,"attacker":1,"cause":"weapon","causeIndex":3,"overkill":0.0,"remainingHealth":70.0,"taken":30.0,"type":"damaged","victim":2,"zone":"head"}"#;
        assert_eq!(as_json(&damaged).to_string(), expected);
        let (from, to) = (Vec3Mm::new(-1, 2, 3), Vec3Mm::new(4, 5, 6));
        let shot = Event::Shot { shooter: attacker, weapon: 0, from, to, struck: None };
        let expected = r#"{"from":[-1,2,3],"shooter":1,"struck":null,"to":[4,5,6],"type":"shot","weapon":0}"#;
        assert_eq!(as_json(&shot).to_string(), expected);
    }

    fn table() -> String {
        let mut table = String::from("| event | columns |\n|---|---|\n");
        for of in EVENT_TYPES {
            let column = |Column { name, of, nullable }: &Column| {
                let null = if *nullable { ", may be null" } else { "" };
                format!("`{name}` {}{null}", of.sql())
            };
            let columns: Vec<_> = of.columns.iter().map(column).collect();
            writeln!(table, "| `{}` | {} |", of.name, columns.join(" · ")).expect("a text takes everything");
        }
        table
    }

    #[test]
    fn docs_events_page_is_the_table() {
        crate::docs::assert_generated("docs/events.md", "event types", &table());
    }
}
