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

/// Which of two overlapping bodies came into the other, and against which of them this tick counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    pub came_in: [bool; 2],
    pub counts: [bool; 2],
}

/// Judges two overlapping bodies by their ways in the same short time. `came_in` is what was known the tick before;
/// `leaving_mm` is the way out that in such a time a body must make to be on its way out.
///
/// At least one of them came in, and the tick counts against at least one.
pub fn judge_overlap(body: &BodyRules, ways: [Way; 2], came_in: [bool; 2], leaving_mm: i64) -> Shares {
    let towards = [ways[0].towards_mm(&ways[1]), ways[1].towards_mm(&ways[0])];
    let comes = towards.map(|mm| mm > i64::from(body.radius_mm) / SWAY_PART);
    let leaves = towards.map(|mm| -mm >= leaving_mm);
    let came_in = match came_in {
        [false, false] if comes != [false, false] => comes,
        [false, false] => {
            let [one, other] = [0, 1].map(|of| (towards[of], ways[of].squared()));
            [one >= other, other >= one]
        }
        // Who was there first may turn and step as he likes; he may not keep a guest in who is on his way out.
        [one, other] => [one || comes[0] && leaves[1], other || comes[1] && leaves[0]],
    };
    let is_kept_in = [0, 1].map(|of| leaves[of] && came_in[1 - of] && comes[1 - of]);
    Shares { came_in, counts: [0, 1].map(|of| came_in[of] && !is_kept_in[of]) }
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

    const BODY: BodyRules = BodyRules {
        radius_mm: 350,
        height_mm: 1_800,
        eye_height_mm: 1_620,
        head_radius_mm: 140,
        health_points: 100,
        armour_points: 50,
        armour_absorbs_percent: 60,
    };
    const LEAVING_MM: i64 = 175;

    fn at(x: i32) -> Vec3Mm {
        Vec3Mm::new(x, 0, 0)
    }

    fn way(from: i32, to: i32) -> Way {
        Way { from: at(from), to: at(to) }
    }

    fn came_in(ways: [Way; 2], before: [bool; 2]) -> [bool; 2] {
        judge_overlap(&BODY, ways, before, LEAVING_MM).came_in
    }

    fn counts(ways: [Way; 2], before: [bool; 2]) -> [bool; 2] {
        judge_overlap(&BODY, ways, before, LEAVING_MM).counts
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
            assert_eq!(came_in([way(-600, -600), way(0, step)], [true, false]), [true, false], "{step}");
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
        let shares = judge_overlap(&BODY, fleeing_and_following, [true, false], LEAVING_MM);
        assert_eq!(shares, Shares { came_in: [true, true], counts: [false, true] });
        assert_eq!(counts([way(100, 400), way(0, 0)], [true, false]), [true, false]);
        assert_eq!(counts([way(100, 150), way(0, 50)], [true, false]), [true, false]);
    }

    #[test]
    fn every_tick_counts_against_one_of_them_at_least() {
        let steps = [-900, -300, -30, 0, 30, 300, 900];
        for from in steps {
            for to in steps {
                for step in steps {
                    for before in [[false, false], [true, false], [false, true], [true, true]] {
                        let ways = [way(from, to), way(0, step)];
                        let shares = judge_overlap(&BODY, ways, before, LEAVING_MM);
                        assert_ne!(shares.came_in, [false, false], "{ways:?} {before:?}");
                        assert_ne!(shares.counts, [false, false], "{ways:?} {before:?}");
                        let turned =
                            judge_overlap(&BODY, [ways[1], ways[0]], [before[1], before[0]], LEAVING_MM);
                        assert_eq!(
                            turned.counts,
                            [shares.counts[1], shares.counts[0]],
                            "{ways:?} {before:?}"
                        );
                    }
                }
            }
        }
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
