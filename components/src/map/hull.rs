//! The faces of a convex hull of whole millimetres, in exact integer arithmetic.

use crate::quantity::Vec3Mm;

/// Longest edge of a hull's axis-aligned box. A face's offset then fits an `i64`; and rapier, which answers in `f32`, lets
/// no body touch an edge across more than about the 2 mm that it may be inside (5 mm at 80 m).
pub const HULL_EXTENT_MM_MAX: i32 = 40_000;

const _: () = {
    let extent = HULL_EXTENT_MM_MAX as i128;
    let normal = 2 * extent * extent;
    assert!(3 * normal * crate::limits::MAP_EXTENT_MM as i128 <= i64::MAX as i128 / 2);
};

/// One plane that bounds a hull: a point lies inside when `normal · point <= offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HullFace {
    /// Outward, of any length, without a common divisor.
    pub normal: [i64; 3],
    /// `normal · point` for every point on the face, in millimetres times the normal's length.
    pub offset: i64,
}

/// How a face can be stood on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// Looks up and is at most 45° steep.
    Walkable,
    /// Within 1° of vertical.
    Wall,
    /// Looks down.
    Ceiling,
    /// Looks up, too steep to walk and not a wall.
    Steep,
}

impl HullFace {
    /// `normal · at − offset`: 0 on the plane, positive outside.
    pub fn excess(&self, at: Vec3Mm) -> i64 {
        dot(self.normal, [i64::from(at.x), i64::from(at.y), i64::from(at.z)]) - self.offset
    }

    /// Whether some of `points` lies at least `thickness_mm` behind the face.
    pub fn is_thicker_than(&self, points: &[Vec3Mm], thickness_mm: i32) -> bool {
        let deepest = points.iter().map(|&point| -self.excess(point)).max().unwrap_or(0);
        let length_squared: i128 = self.normal.iter().map(|&part| i128::from(part) * i128::from(part)).sum();
        let thickness = i128::from(thickness_mm);
        i128::from(deepest.max(0)).pow(2) >= thickness * thickness * length_squared
    }

    pub fn slope(&self) -> Slope {
        /// 1 / sin²(1°), rounded up.
        const WALL_RATIO: i128 = 3_284;
        let [x, y, z] = self.normal.map(i128::from);
        let horizontal = x * x + z * z;
        match y {
            _ if y * y * WALL_RATIO <= horizontal + y * y => Slope::Wall,
            ..0 => Slope::Ceiling,
            _ if y * y >= horizontal => Slope::Walkable,
            _ => Slope::Steep,
        }
    }
}

/// Every face of the convex hull of `points`, in an order given by the points' own.
///
/// `None` when the points span no volume, or more than [`HULL_EXTENT_MM_MAX`]. Takes cubic time: at most 64 points.
pub fn faces(points: &[Vec3Mm]) -> Option<Vec<HullFace>> {
    if extent_mm(points)? > i64::from(HULL_EXTENT_MM_MAX) {
        return None;
    }
    let mut found: Vec<HullFace> = Vec::new();
    // The points of each face, as far as a number has bits: three points of a face found need not be looked at again.
    let mut corners: Vec<u64> = Vec::new();
    for (i, &a) in points.iter().enumerate() {
        for (j, &b) in points.iter().enumerate().skip(i + 1) {
            let both = bit(i) | bit(j);
            let shared = corners.iter().filter(|face| **face & both == both);
            let mut known = shared.fold(0, |known, face| known | face);
            for (k, &c) in points.iter().enumerate().skip(j + 1) {
                if known & bit(k) != 0 {
                    continue;
                }
                if let Some(face) = face_through([a, b, c], points)
                    && !found.contains(&face)
                {
                    let on_it = points.iter().enumerate().filter(|(_, point)| face.excess(**point) == 0);
                    let on_it = on_it.fold(0, |on_it, (index, _)| on_it | bit(index));
                    known |= on_it;
                    corners.push(on_it);
                    found.push(face);
                }
            }
        }
    }
    (found.len() >= 4).then_some(found)
}

fn bit(index: usize) -> u64 {
    1_u64.checked_shl(index as u32).unwrap_or(0)
}

fn extent_mm(points: &[Vec3Mm]) -> Option<i64> {
    let axes: [fn(&Vec3Mm) -> i32; 3] = [|p| p.x, |p| p.y, |p| p.z];
    let spans = axes.map(|axis| {
        let (low, high) = (points.iter().map(axis).min(), points.iter().map(axis).max());
        low.zip(high).map(|(low, high)| i64::from(high) - i64::from(low))
    });
    spans.into_iter().max().flatten()
}

/// The plane through three points when all others lie on one side and not all on it.
fn face_through(corners: [Vec3Mm; 3], points: &[Vec3Mm]) -> Option<HullFace> {
    let [a, b, c] = corners;
    let normal = cross(between(a, b), between(a, c));
    let (mut inside, mut outside) = (false, false);
    for &point in points {
        match dot(normal, between(a, point)) {
            ..0 => inside = true,
            0 => {}
            1.. => outside = true,
        }
        if inside && outside {
            return None;
        }
    }
    if inside == outside {
        return None;
    }
    // Of the few planes that are left: a common divisor takes longer to find than all sides.
    let divisor = normal.iter().fold(0, |divisor, &part| gcd(divisor, part.abs()));
    let outward = if inside { divisor } else { -divisor };
    let normal = normal.map(|part| part / outward);
    Some(HullFace { normal, offset: dot(normal, [i64::from(a.x), i64::from(a.y), i64::from(a.z)]) })
}

fn between(from: Vec3Mm, to: Vec3Mm) -> [i64; 3] {
    [(from.x, to.x), (from.y, to.y), (from.z, to.z)].map(|(from, to)| i64::from(to) - i64::from(from))
}

fn cross(a: [i64; 3], b: [i64; 3]) -> [i64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn dot(a: [i64; 3], b: [i64; 3]) -> i64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wedge(run_mm: i32, rise_mm: i32) -> Vec<Vec3Mm> {
        [(0, 0), (run_mm, 0), (run_mm, rise_mm)]
            .iter()
            .flat_map(|&(x, y)| [Vec3Mm::new(x, y, 0), Vec3Mm::new(x, y, 2_000)])
            .collect()
    }

    fn slopes(points: &[Vec3Mm]) -> Vec<Slope> {
        faces(points).expect("the points span a volume").iter().map(HullFace::slope).collect()
    }

    #[test]
    fn a_wedge_has_five_faces_whatever_the_order_of_its_points() {
        let mut points = wedge(4_000, 2_000);
        assert_eq!(faces(&points).map(|faces| faces.len()), Some(5));
        points.reverse();
        assert_eq!(faces(&points).map(|faces| faces.len()), Some(5));
    }

    #[test]
    fn a_ramp_of_45_degrees_is_walkable_and_a_millimetre_more_is_steep() {
        assert!(slopes(&wedge(2_000, 2_000)).contains(&Slope::Walkable));
        assert!(!slopes(&wedge(2_000, 2_000)).contains(&Slope::Steep));
        assert!(slopes(&wedge(2_000, 2_001)).contains(&Slope::Steep));
    }

    #[test]
    fn a_face_within_one_degree_of_vertical_is_a_wall() {
        assert!(!slopes(&wedge(34, 2_000)).contains(&Slope::Steep));
        assert!(slopes(&wedge(36, 2_000)).contains(&Slope::Steep));
    }

    #[test]
    fn flat_or_oversized_points_have_no_faces() {
        let flat: Vec<_> = (0..6).map(|i| Vec3Mm::new(i * 100, 0, i * i)).collect();
        assert_eq!(faces(&flat), None);
        assert_eq!(faces(&[]), None);
        assert_eq!(faces(&wedge(HULL_EXTENT_MM_MAX + 1, 2_000)), None);
    }

    #[test]
    fn every_point_of_a_hull_lies_inside_all_its_faces() {
        let points = wedge(3_000, 1_000);
        for face in faces(&points).expect("the points span a volume") {
            assert!(points.iter().all(|&point| face.excess(point) <= 0), "{face:?}");
        }
    }

    /// Every face by every three points of it.
    fn by_all_triples(points: &[Vec3Mm]) -> Vec<HullFace> {
        let mut found = Vec::new();
        for (i, &a) in points.iter().enumerate() {
            for (j, &b) in points.iter().enumerate().skip(i + 1) {
                for &c in &points[j + 1..] {
                    found.extend(face_through([a, b, c], points).filter(|face| !found.contains(face)));
                }
            }
        }
        found
    }

    #[test]
    fn faces_are_those_of_all_triples_in_their_order_though_most_triples_are_passed_over() {
        // The smaller the grid, the more points share a face; the last has more points than a face's number has bits.
        for (seed, count, grid) in [(1, 8, 2_000), (2, 30, 4), (3, 60, 6), (4, 64, 1_000), (5, 70, 5)] {
            let mut stream = crate::streams::Stream::of(seed, 3);
            let mut points: Vec<Vec3Mm> = Vec::new();
            while points.len() < count {
                let mut part = || stream.below(grid) as i32;
                let point = Vec3Mm::new(part(), part(), part());
                if !points.contains(&point) {
                    points.push(point);
                }
            }
            assert_eq!(faces(&points), Some(by_all_triples(&points)), "seed {seed}");
        }
    }
}
