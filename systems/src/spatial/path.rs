//! Whether a body can go from one point to another in a straight line.

use combat_components::quantity::Vec3Mm;

use super::Level;

/// Points tested on one segment: 25 m at the thinnest body allowed, more than any rule moves a body in one claim.
pub const PATH_POINTS_MAX: i64 = 256;

impl Level {
    /// Whether nothing solid lies on the way, `from` itself excepted: it was accepted before.
    ///
    /// Tests points at most one radius apart and the destination. A destination out of bounds or a way of more
    /// than [`PATH_POINTS_MAX`] points is not free. Allocates nothing.
    pub fn path_is_free(&self, from: Vec3Mm, to: Vec3Mm) -> bool {
        if !self.contains(to) {
            return false;
        }
        let count = segments(from, to, self.radius_mm);
        count <= PATH_POINTS_MAX && self.points_between(from, to).all(|at| !self.overlaps(at))
    }

    /// How many [`Self::points_between`] two points there are.
    pub fn point_count_between(&self, from: Vec3Mm, to: Vec3Mm) -> i64 {
        segments(from, to, self.radius_mm)
    }

    /// Points at most one radius apart on the straight way from `from`, itself excepted, to `to`.
    pub fn points_between(&self, from: Vec3Mm, to: Vec3Mm) -> impl Iterator<Item = Vec3Mm> + use<> {
        let count = segments(from, to, self.radius_mm);
        (1..=count).map(move |index| between(from, to, index, count))
    }
}

/// The least number of equal parts, none longer than `part_mm`; at least 1.
fn segments(from: Vec3Mm, to: Vec3Mm, part_mm: i32) -> i64 {
    let length_mm = from.distance_squared(to).isqrt() + 1;
    (length_mm + i64::from(part_mm) - 1) / i64::from(part_mm)
}

/// The point `index / count` of the way, rounded to the millimetre.
fn between(from: Vec3Mm, to: Vec3Mm, index: i64, count: i64) -> Vec3Mm {
    let part = |from: i32, to: i32| {
        let (from, to) = (i64::from(from), i64::from(to));
        let moved = ((to - from) * index * 2 + count).div_euclid(count * 2);
        i32::try_from(from + moved).expect("a point between two i32 is an i32")
    };
    Vec3Mm::new(part(from.x, to.x), part(from.y, to.y), part(from.z, to.z))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_point_is_the_destination_and_no_gap_exceeds_the_part() {
        let (from, to) = (Vec3Mm::new(-5, 7, 900_000), Vec3Mm::new(1_777, -333, 898_999));
        let count = segments(from, to, 350);
        assert_eq!(between(from, to, 0, count), from);
        assert_eq!(between(from, to, count, count), to);
        for index in 1..=count {
            let (a, b) = (between(from, to, index - 1, count), between(from, to, index, count));
            assert!(a.distance_squared(b) <= 351 * 351, "{a:?} {b:?}");
        }
    }
}
