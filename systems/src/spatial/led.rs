//! Where a body is led that runs into what stands in its way.

mod held;

use arrayvec::ArrayVec;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};

use self::held::Held;
use super::{Level, raised};
use crate::formulas::aim;
use crate::formulas::shot::along;

/// How finely the way ahead is looked along: a corner that is just clipped lies between the points of a path check.
const LOOK_MM: i32 = 25;

/// What turns a body by no more than this, a tenth of a degree, turns it by no more than rounding.
const SAME_YAW_MAX: u16 = 18;

/// So often a body is looked ahead for, with and without a turn.
const MEETINGS_MAX: usize = 2 * WALLS_MAX;

/// A body is led by no more walls than this, one after the other or at once; more of them are a corner.
const WALLS_MAX: usize = 8;

/// Where a body is led that runs straight on: a leg for every wall that it meets, in the order of meeting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ways(ArrayVec<Leg, { WALLS_MAX + 1 }>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leg {
    /// How far the body has come when it meets the wall.
    met_mm: i32,
    /// Where it slides on; `None` when that is a corner, or when it runs straight into the wall.
    along: Option<Yaw>,
}

/// Where a body comes that runs straight on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Led {
    /// How far it comes before it meets something.
    pub free_mm: i32,
    /// Where it slides on; `None` when that is a corner, or when it runs straight into a wall.
    pub along: Option<Yaw>,
}

impl Ways {
    /// Where what is within `far_mm` leads; `None` when nothing is.
    pub(crate) fn within(&self, far_mm: i32) -> Option<Led> {
        let first = self.0.first().filter(|leg| leg.met_mm <= far_mm)?;
        let met = self.0.iter().take_while(|leg| leg.met_mm <= far_mm);
        Some(Led { free_mm: first.met_mm, along: met.last().and_then(|leg| leg.along) })
    }
}

impl Level {
    /// Where what is within `far_mm` leads a body with its feet at `from` that runs towards `ahead`.
    ///
    /// It runs up what is not too steep, and slides along every wall that it meets on the way, each as its normal there
    /// says. Asks the level about the way once, however many walls there are. Allocates nothing.
    pub(crate) fn led(&self, from: Vec3Mm, ahead: Yaw, far_mm: i32) -> Ways {
        let mut ways = Ways::default();
        let (mut at, mut yaw, mut gone_mm) = (from, ahead, 0);
        for _ in 0..MEETINGS_MAX {
            let Some((free_mm, met)) = self.met(at, yaw, far_mm - gone_mm) else { break };
            (at, gone_mm) = (met, gone_mm + free_mm);
            let along = match self.held(at, yaw) {
                Held::ByNothing => break,
                Held::By(next, off) if is_same(next, yaw) => {
                    at = off;
                    continue;
                }
                Held::By(next, off) if ways.0.len() < WALLS_MAX => {
                    (at, yaw) = (off, next);
                    Some(next)
                }
                Held::By(..) | Held::InCorner => None,
            };
            ways.0.push(Leg { met_mm: gone_mm, along });
            if along.is_none() {
                break;
            }
        }
        ways
    }

    /// How far a body comes before it meets something, and where it is then; `None` when nothing is within `far_mm`.
    fn met(&self, from: Vec3Mm, direction: Yaw, far_mm: i32) -> Option<(i32, Vec3Mm)> {
        let looks = far_mm / LOOK_MM + 1;
        let mut free = (0, from);
        for look in 1..=looks {
            match self.climbed(free, (from, direction), look * LOOK_MM) {
                Some(at) => free = (look * LOOK_MM, at),
                None => {
                    let mut blocked_mm = look * LOOK_MM;
                    while blocked_mm - free.0 > 1 {
                        let middle_mm = free.0 + (blocked_mm - free.0) / 2;
                        match self.climbed(free, (from, direction), middle_mm) {
                            Some(at) => free = (middle_mm, at),
                            None => blocked_mm = middle_mm,
                        }
                    }
                    return Some(free);
                }
            }
        }
        None
    }

    /// Where a body stands that was free after `free_mm` of its way and has gone on to `mm`: as high, or no more than a
    /// slope of 46° higher; `None` when something is in its way.
    fn climbed(
        &self,
        (free_mm, free): (i32, Vec3Mm),
        (from, direction): (Vec3Mm, Yaw),
        mm: i32,
    ) -> Option<Vec3Mm> {
        let at = Vec3Mm { y: free.y, ..ahead_of(from, direction, mm) };
        if !self.overlaps(at) {
            return Some(at);
        }
        let higher_mm = (mm - free_mm) * 26 / 25 + 1;
        let deepest = raised(at, higher_mm);
        (!self.overlaps(deepest)).then_some(deepest)
    }
}

/// Whether a body that ran towards `b` and is led towards `a` runs on as it did.
fn is_same(a: Yaw, b: Yaw) -> bool {
    (a.0.wrapping_sub(b.0) as i16).unsigned_abs() <= SAME_YAW_MAX
}

fn ahead_of(at: Vec3Mm, direction: Yaw, mm: i32) -> Vec3Mm {
    along(at, aim::direction(direction, Pitch::default()), mm)
}

#[cfg(test)]
mod tests {
    use combat_components::map::{Bounds, Map, Solid};

    use super::*;
    use crate::formulas::BODY;

    const FAR_MM: i32 = 3_000;
    const START: Vec3Mm = Vec3Mm::new(0, 0, 0);

    fn yaw(degrees: i32) -> Yaw {
        Yaw(((degrees * 65_536 + 180) / 360) as u16)
    }

    /// These solids on a floor at 0.
    fn level(solids: Vec<Solid>) -> Level {
        let floor = Solid::Cuboid {
            center: Vec3Mm::new(0, -500, 0),
            size: Vec3Mm::new(100_000, 1_000, 100_000),
            yaw: Yaw(0),
        };
        let map = Map {
            id: "walls".into(),
            name: "Walls".into(),
            max_players: 2,
            bounds: Bounds {
                min: Vec3Mm::new(-50_000, -5_000, -50_000),
                max: Vec3Mm::new(50_000, 50_000, 50_000),
            },
            solids: [vec![floor], solids].concat(),
            spawns: Vec::new(),
        };
        Level::build(&map, &BODY).expect("every solid has volume")
    }

    /// A wall that is met head-on after `gap_mm` towards `degrees` from the start.
    fn wall(degrees: i32, gap_mm: i32) -> Solid {
        slab(degrees, gap_mm, [0, 3_000])
    }

    /// As [`wall`], from one height to another.
    fn slab(degrees: i32, gap_mm: i32, [low_mm, high_mm]: [i32; 2]) -> Solid {
        let middle = ahead_of(START, yaw(degrees), BODY.radius_mm + gap_mm + 500);
        Solid::Cuboid {
            center: Vec3Mm { y: (low_mm + high_mm) / 2, ..middle },
            size: Vec3Mm::new(20_000, high_mm - low_mm, 1_000),
            yaw: yaw(degrees),
        }
    }

    /// Up towards 0 degrees, by so many thousandths from 600 mm ahead on.
    fn ramp(rise_permille: i32) -> Solid {
        let corners = [[-600, 0], [-10_600, 10 * rise_permille], [-10_600, -10], [-600, -10]];
        let points = [-5_000, 5_000].into_iter().flat_map(|x| corners.map(|[z, y]| Vec3Mm::new(x, y, z)));
        Solid::Hull { points: points.collect() }
    }

    fn ceiling(y: i32) -> Solid {
        Solid::Cuboid {
            center: Vec3Mm::new(0, y + 500, 0),
            size: Vec3Mm::new(50_000, 1_000, 50_000),
            yaw: Yaw(0),
        }
    }

    /// How far it comes, and towards how many degrees it slides on.
    type Found = Option<(i32, Option<i32>)>;

    fn found(ways: &Ways, far_mm: i32) -> Found {
        let degrees = |yaw: Yaw| (i32::from(yaw.0) * 360 + 32_768) / 65_536;
        ways.within(far_mm).map(|led| (led.free_mm, led.along.map(degrees)))
    }

    fn led(solids: Vec<Solid>, ahead: i32) -> Found {
        found(&level(solids).led(START, yaw(ahead), FAR_MM), FAR_MM)
    }

    #[test]
    fn a_wall_is_slid_along_and_head_on_stops() {
        let cases = [
            (0, 1_000, Some((1_002, None))),
            (30, 1_000, Some((1_157, Some(90)))),
            (60, 1_000, Some((2_005, Some(90)))),
            (330, 1_000, Some((1_157, Some(270)))),
            (85, 1_000, None),
            (90, 0, None),
            (180, 0, None),
        ];
        for (ahead, gap_mm, expected) in cases {
            assert_eq!(led(vec![wall(0, gap_mm)], ahead), expected, "towards {ahead} degrees");
        }
    }

    #[test]
    fn one_plain_wall_is_met_once_from_wherever_and_however_it_is_run_into() {
        for turned in [0, 7, 30, 45, 83] {
            let level = level(vec![wall(turned, 0)]);
            for (ahead, place) in
                (-85..=85).step_by(5).flat_map(|ahead| (0..12).map(move |place| (ahead, place)))
            {
                let from = ahead_of(START, yaw(turned + 90), 211 * place - 1_000);
                let ways = level.led(from, yaw(turned + ahead), FAR_MM);
                let wanted = if ahead < 0 { turned - 90 } else { turned + 90 };
                let what = format!("a wall towards {turned}, from {place} towards {ahead} degrees: {ways:?}");
                assert!(ways.0.len() <= 1, "{what}");
                let along = found(&ways, FAR_MM).map(|(_, along)| along);
                let straight = (ahead == 0).then_some(None).or(Some(Some(wanted.rem_euclid(360))));
                assert!(along.is_none() || along == straight || ahead == 0, "{what}");
            }
        }
    }

    #[test]
    fn a_wall_exactly_as_far_as_is_asked_for_is_met() {
        let ways = level(vec![wall(0, 1_000)]).led(START, yaw(30), FAR_MM);
        assert_eq!([1_156, 1_157].map(|far_mm| found(&ways, far_mm)), [None, Some((1_157, Some(90)))]);
    }

    #[test]
    fn an_acute_corner_stops_and_an_obtuse_one_leads_along_the_second_wall() {
        // Walls towards 0 and `second` degrees, both touched at once: between them are 180 degrees less `second`.
        let cases = [
            (120, 50, None),
            (120, 70, None),
            (90, 20, None),
            (90, 70, None),
            (60, 20, Some(150)),
            (60, 40, Some(270)),
            (60, 70, Some(150)),
            (60, 350, Some(270)),
        ];
        for (second, ahead, expected) in cases {
            let ways = level(vec![wall(0, 0), wall(second, 0)]).led(START, yaw(ahead), FAR_MM);
            let (free_mm, along) = found(&ways, FAR_MM).expect("it touches both");
            assert!(along.is_some() || ways.0.len() == 1, "no corner is left again: {ways:?}");
            assert!(free_mm <= 3, "{free_mm}");
            assert_eq!(along, expected, "a corner of {} degrees, towards {ahead}", 180 - second);
        }
    }

    #[test]
    fn of_two_walls_one_after_the_other_the_last_that_is_within_the_distance_leads() {
        let ways = level(vec![wall(0, 500), wall(60, 1_000)]).led(START, yaw(20), FAR_MM);
        let cases = [
            (533, None),
            (534, Some((534, Some(90)))),
            (1_217, Some((534, Some(90)))),
            (1_218, Some((534, Some(150)))),
            (FAR_MM, Some((534, Some(150)))),
        ];
        for (far_mm, expected) in cases {
            assert_eq!(found(&ways, far_mm), expected, "within {far_mm} mm");
        }
    }

    #[test]
    fn walls_one_after_the_other_lead_on_until_they_are_more_than_lead_anybody() {
        let round = (0..18).map(|place| wall(20 * place, 2_000));
        let ways = level(round.collect()).led(START, yaw(5), 20_000);
        let along: Vec<_> = ways.0.iter().map(|leg| found(&ways, leg.met_mm).expect("it is met").1).collect();
        let (last, before) = along.split_last().expect("it is met");
        assert_eq!((last, before.len()), (&None, WALLS_MAX), "{along:?}");
        assert!(
            before[0] == Some(90) && before.is_sorted() && before[WALLS_MAX - 1] > Some(150),
            "{along:?}"
        );
    }

    #[test]
    fn more_walls_at_once_than_lead_anybody_are_a_corner() {
        for (count, along) in [(8, Some(90)), (9, None)] {
            let slabs = (0..count).map(|place| slab(0, 1_000, [400 + 100 * place, 500 + 100 * place]));
            assert_eq!(led(slabs.collect(), 30), Some((1_157, along)), "{count} slabs");
        }
    }

    #[test]
    fn a_ramp_that_carries_is_run_up_and_a_steeper_one_is_a_wall() {
        for rise_permille in [100, 577, 839, 933, 1_000] {
            for ahead in [0, 30] {
                assert_eq!(led(vec![ramp(rise_permille)], ahead), None, "{rise_permille} towards {ahead}");
            }
        }
        assert_eq!(led(vec![ramp(1_192)], 0), Some((574, None)), "50 degrees");
    }

    #[test]
    fn a_ramp_under_a_low_ceiling_is_a_wall_unless_it_is_flat() {
        for rise_permille in (210..570).step_by(10) {
            let found = led(vec![ramp(rise_permille), ceiling(2_000)], 0);
            let (free_mm, along) = found.unwrap_or_else(|| panic!("{rise_permille} thousandths hold nobody"));
            // 200 mm of room over a body's head are used up sooner the steeper it is.
            let after_mm = 574 + 200_000 / rise_permille;
            assert!(
                (after_mm - 120..=after_mm).contains(&free_mm),
                "{rise_permille}: {free_mm}, not {after_mm}"
            );
            assert_eq!(along, None, "{rise_permille} thousandths");
        }
        let cases = [
            (190, 0, None),
            (190, 30, None),
            (300, 0, Some((1_186, None))),
            (577, 0, Some((836, None))),
            (577, 30, Some((974, Some(90)))),
            (1_000, 30, Some((749, Some(90)))),
        ];
        for (rise_permille, ahead, expected) in cases {
            let found = led(vec![ramp(rise_permille), ceiling(2_000)], ahead);
            assert_eq!(found, expected, "{rise_permille} thousandths, towards {ahead} degrees");
        }
    }

    #[test]
    fn what_a_body_runs_up_leads_it_nowhere_beside_a_wall() {
        for (rise_permille, expected) in [(839, Some(0)), (933, Some(0)), (1_192, None)] {
            let level = level(vec![ramp(rise_permille), wall(270, 0)]);
            let at = level.ground_below(Vec3Mm::new(0, 9_000, -2_000)).expect("the ramp is there");
            let (free_mm, along) = found(&level.led(at, yaw(330), 100), 100).expect("it touches the wall");
            assert!(free_mm <= 5, "{free_mm}");
            assert_eq!(along, expected, "up {rise_permille} thousandths");
        }
    }
}
