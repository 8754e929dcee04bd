//! Bodies among each other: whether two overlap, who of them came into the other, and how far it is out.

use combat_components::quantity::{Vec3Mm, Yaw};
use combat_components::rules::BodyRules;

use super::aim;

/// What is between two bodies that the server has put beside each other: more than rounding takes away.
const GAP_MM: i32 = 10;

/// Slower than this part of the radius in one window is no coming closer: a stander sways.
const SWAY_PART: i64 = 16;

/// From one body to the next one in the way, in one direction: in the tightest crowd of 64 a way out meets fewer.
const BODIES_IN_A_ROW_MAX: usize = 16;

/// Whether the upright capsules of two bodies with their feet here have no point in common but their surface.
pub fn apart(body: &BodyRules, a: Vec3Mm, b: Vec3Mm) -> bool {
    let spine_mm = i64::from(body.height_mm - 2 * body.radius_mm);
    let above_mm = ((i64::from(a.y) - i64::from(b.y)).abs() - spine_mm).max(0);
    let width_mm = 2 * i64::from(body.radius_mm);
    a.horizontal_distance_squared(b) + above_mm * above_mm >= width_mm * width_mm
}

/// How far two bodies are put from each other, from middle to middle.
pub fn clearance_mm(body: &BodyRules) -> i32 {
    2 * body.radius_mm + GAP_MM
}

/// Where a body was a moment ago, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    pub from: Vec3Mm,
    pub to: Vec3Mm,
}

impl Way {
    fn squared(&self) -> i64 {
        self.from.distance_squared(self.to)
    }

    /// How much nearer it came to where `other` was, in millimetres; negative when it went away.
    fn towards_mm(&self, other: &Self) -> i64 {
        let part = |from: i32, to: i32| i64::from(to) - i64::from(from);
        let axis = [part(self.from.x, other.from.x), part(self.from.z, other.from.z)];
        let moved = [part(self.from.x, self.to.x), part(self.from.z, self.to.z)];
        let length = (axis[0] * axis[0] + axis[1] * axis[1]).isqrt();
        (axis[0] * moved[0] + axis[1] * moved[1]).checked_div(length).unwrap_or(0)
    }
}

/// One of two bodies that overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its way in the last moments, and the newest part of it.
    pub way: Way,
    pub step: Way,
    /// Whether it is known to have come into the other.
    pub came_in: bool,
    /// For how long it has been inside others.
    pub ticks: u32,
}

/// Which of two overlapping bodies came into the other, and against which of them this tick counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    pub came_in: [bool; 2],
    pub counts: [bool; 2],
}

/// Judges two overlapping bodies by their ways in the same short time, in which a body on its way out makes
/// `leaving_mm` at least.
///
/// Of two who came into each other it counts against the one that has been inside for longer, so that who was there
/// first may step as he likes; but not against a guest on his way out whom the other follows. At least one came in,
/// and it counts against at least one; it is the same whichever of the two is named first.
pub fn judge_overlap(body: &BodyRules, pair: [Party; 2], leaving_mm: i64) -> Shares {
    let sway_mm = i64::from(body.radius_mm) / SWAY_PART;
    let both = |of: fn(&Party) -> Way| [0, 1].map(|one| of(&pair[one]).towards_mm(&of(&pair[1 - one])));
    let (towards, stepped) = (both(|party| party.way), both(|party| party.step));
    let comes = [0, 1].map(|one| towards[one] > sway_mm);
    let leaves = towards.map(|mm| -mm >= leaving_mm);
    let came_in = match pair.map(|party| party.came_in) {
        [false, false] => match [0, 1].map(|one| comes[one] || stepped[one] > sway_mm) {
            [false, false] => {
                let [one, other] = [0, 1].map(|one| (stepped[one], pair[one].step.squared()));
                [one >= other, other >= one]
            }
            enters => enters,
        },
        [one, other] => [one || comes[0], other || comes[1]],
    };
    let is_kept_in = |one: usize| leaves[one] && comes[1 - one];
    let has_been_less = |one: usize| !is_kept_in(1 - one) && pair[one].ticks < pair[1 - one].ticks;
    let is_excused = |one: usize| came_in[1 - one] && (is_kept_in(one) || has_been_less(one));
    Shares { came_in, counts: [0, 1].map(|one| came_in[one] && !is_excused(one)) }
}

/// How far a body at `from` must go in one direction to be clear of all `others`, by at most `reach_mm`.
pub fn way_out_mm(
    body: &BodyRules,
    from: Vec3Mm,
    direction: Yaw,
    others: impl Iterator<Item = Vec3Mm> + Clone,
    reach_mm: i32,
) -> Option<i32> {
    let clear_mm = f64::from(clearance_mm(body));
    let [x, _, z] = aim::direction(direction, Default::default()).map(f64::from);
    let beside =
        others.filter(|other| (i64::from(other.y) - i64::from(from.y)).abs() < body.height_mm.into());
    let mut out_mm = 0_i32;
    for _ in 0..BODIES_IN_A_ROW_MAX {
        let exit_mm = beside.clone().find_map(|other| {
            let away = [f64::from(other.x) - f64::from(from.x), f64::from(other.z) - f64::from(from.z)];
            let (along, aside) = (away[0] * x + away[1] * z, away[0] * z - away[1] * x);
            let half = clear_mm * clear_mm - aside * aside;
            let exit_mm = (half > 0.0).then(|| libm::ceil(along + half.sqrt()) as i32)?;
            let entry_mm = 2.0 * along - f64::from(exit_mm);
            (f64::from(out_mm) > entry_mm && out_mm < exit_mm).then_some(exit_mm)
        });
        match exit_mm {
            None => return Some(out_mm),
            Some(exit_mm) if exit_mm > reach_mm => return None,
            Some(exit_mm) => out_mm = exit_mm,
        }
    }
    None
}

/// The heading from one point to another; `None` when one is above the other.
pub fn heading(from: Vec3Mm, to: Vec3Mm) -> Option<Yaw> {
    let [x, z] = [to.x - from.x, to.z - from.z].map(f64::from);
    let turns = libm::atan2(-x, -z) / std::f64::consts::TAU;
    (x != 0.0 || z != 0.0).then(|| Yaw((libm::round(turns * 65_536.0) as i32).rem_euclid(65_536) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::BODY;

    const LEAVING_MM: i64 = 175;

    fn at(x: i32) -> Vec3Mm {
        Vec3Mm::new(x, 0, 0)
    }

    fn way(from: i32, to: i32) -> Way {
        Way { from: at(from), to: at(to) }
    }

    fn judged(ways: [Way; 2], before: [bool; 2], ticks: [u32; 2]) -> Shares {
        let party =
            |one: usize| Party { way: ways[one], step: ways[one], came_in: before[one], ticks: ticks[one] };
        judge_overlap(&BODY, [party(0), party(1)], LEAVING_MM)
    }

    fn came_in(ways: [Way; 2], before: [bool; 2]) -> [bool; 2] {
        judged(ways, before, [0, 0]).came_in
    }

    fn counts(ways: [Way; 2], before: [bool; 2]) -> [bool; 2] {
        judged(ways, before, [0, 0]).counts
    }

    #[test]
    fn bodies_touch_side_by_side_and_one_above_the_other() {
        let apart = |x, y| apart(&BODY, Vec3Mm::default(), Vec3Mm::new(x, y, 0));
        assert!(apart(700, 0) && !apart(699, 0));
        assert!(apart(0, 1_800) && !apart(0, 1_799) && apart(0, -1_800) && !apart(0, -1_799));
        assert!(!apart(600, 1_400) && apart(600, 1_500));
    }

    #[test]
    fn who_walks_into_a_stander_came_in_and_the_stander_may_then_do_as_he_likes() {
        assert_eq!(came_in([way(-900, -600), way(0, 0)], [false, false]), [true, false]);
        for step in [-500, -100, 0, 100, 500] {
            let shares = judged([way(-600, -600), way(0, step)], [true, false], [1, 0]);
            assert_eq!(shares.counts, [true, false], "{step}");
        }
    }

    #[test]
    fn who_run_into_each_other_both_came_in() {
        assert_eq!(came_in([way(-600, -300), way(600, 300)], [false, false]), [true, true]);
        assert_eq!(counts([way(-600, -300), way(600, 300)], [false, false]), [true, true]);
    }

    #[test]
    fn who_catches_up_with_a_runner_came_in() {
        assert_eq!(came_in([way(-900, -100), way(0, 500)], [false, false]), [true, false]);
    }

    #[test]
    fn who_runs_through_a_stander_in_one_claim_came_in() {
        assert_eq!(came_in([way(-900, 300), way(0, 0)], [false, false]), [true, false]);
    }

    #[test]
    fn who_falls_onto_another_or_creeps_into_him_came_in() {
        let falling = Way { from: Vec3Mm::new(5, 2_500, 0), to: Vec3Mm::new(5, 1_500, 0) };
        assert_eq!(came_in([falling, way(0, 0)], [false, false]), [true, false]);
        assert_eq!(came_in([way(-701, -699), way(0, 0)], [false, false]), [true, false]);
    }

    #[test]
    fn a_guest_on_his_way_out_is_not_counted_against_while_the_other_comes_after_him() {
        let fleeing_and_following = [way(100, 400), way(0, 300)];
        let shares = judged(fleeing_and_following, [true, false], [9, 0]);
        assert_eq!(shares, Shares { came_in: [true, true], counts: [false, true] });
        assert_eq!(counts([way(100, 400), way(0, 0)], [true, false]), [true, false]);
        assert_eq!(judged([way(100, 150), way(0, 50)], [true, false], [9, 0]).counts, [true, false]);
    }

    #[test]
    fn of_two_who_came_into_each_other_it_counts_against_who_has_been_inside_longer() {
        let head_on = [way(-600, -300), way(600, 300)];
        assert_eq!(judged(head_on, [false, false], [5, 5]).counts, [true, true]);
        assert_eq!(judged(head_on, [false, false], [5, 60]).counts, [false, true]);
    }

    #[test]
    fn who_was_put_out_and_steps_back_in_came_in() {
        let guest = Party { way: way(0, 650), step: way(710, 690), came_in: false, ticks: 64 };
        let host = Party { way: way(0, 0), step: way(0, 0), came_in: false, ticks: 0 };
        let shares = judge_overlap(&BODY, [guest, host], LEAVING_MM);
        assert_eq!(shares, Shares { came_in: [true, false], counts: [true, false] });
    }

    #[test]
    fn every_tick_counts_against_one_of_them_at_least() {
        let steps = [-900, -300, -30, 0, 30, 300, 900];
        let all = |of: &mut dyn FnMut([Way; 2], [bool; 2], [u32; 2])| {
            for (from, to) in steps.into_iter().flat_map(|from| steps.map(|to| (from, to))) {
                for (step, ticks) in
                    steps.into_iter().flat_map(|step| [[0, 0], [3, 9], [9, 3]].map(|ticks| (step, ticks)))
                {
                    for before in [[false, false], [true, false], [false, true], [true, true]] {
                        of([way(from, to), way(0, step)], before, ticks);
                    }
                }
            }
        };
        all(&mut |ways, before, ticks| {
            let shares = judged(ways, before, ticks);
            assert_ne!(shares.came_in, [false, false], "{ways:?} {before:?} {ticks:?}");
            assert_ne!(shares.counts, [false, false], "{ways:?} {before:?} {ticks:?}");
            let turned = judged([ways[1], ways[0]], [before[1], before[0]], [ticks[1], ticks[0]]);
            assert_eq!(turned.counts, [shares.counts[1], shares.counts[0]], "{ways:?} {before:?} {ticks:?}");
        });
    }

    #[test]
    fn the_way_out_ends_a_gap_beyond_the_last_body_in_a_row() {
        let left = Yaw(16_384);
        let out =
            |others: &[Vec3Mm], reach_mm| way_out_mm(&BODY, at(0), left, others.iter().copied(), reach_mm);
        assert_eq!(out(&[], 100), Some(0));
        assert_eq!(out(&[at(100)], 2_000), Some(610));
        assert_eq!(out(&[at(100), at(-1_000)], 2_000), Some(1_710));
        assert_eq!(out(&[at(100), at(-1_400)], 2_000), Some(610));
        assert_eq!(out(&[at(100)], 600), None);
        assert_eq!(out(&[Vec3Mm::new(100, 1_900, 0)], 600), Some(0));
    }

    #[test]
    fn headings_are_those_that_aims_have() {
        assert_eq!(heading(at(0), Vec3Mm::new(0, 0, -5)), Some(Yaw(0)));
        assert_eq!(heading(at(0), at(-5)), Some(Yaw(16_384)));
        assert_eq!(heading(at(0), Vec3Mm::new(0, 9, 0)), None);
    }
}
