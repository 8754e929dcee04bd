//! Directions, and where a ray meets a body. Own arithmetic throughout; distances in whole micrometres.
//!
//! Distances are measured in lengths of `direction`, as `Level::ray_distance_um` measures them, so that the two
//! compare exactly.

use combat_components::quantity::{Pitch, Vec3Mm, Yaw};

const TURN_RADIANS: f32 = std::f32::consts::TAU / 65_536.0;

/// The unit vector a pose looks along: yaw 0 is −z, positive yaw turns left seen from above, positive pitch is up.
pub fn direction(yaw: Yaw, pitch: Pitch) -> [f32; 3] {
    let (yaw_sin, yaw_cos) = libm::sincosf(f32::from(yaw.0) * TURN_RADIANS);
    let (pitch_sin, pitch_cos) = libm::sincosf(f32::from(pitch.turn()) * TURN_RADIANS);
    [-yaw_sin * pitch_cos, pitch_sin, -yaw_cos * pitch_cos]
}

/// Micrometres from `from` along `direction` to a sphere; 0 from inside, `None` when missed or behind.
pub fn ray_sphere(from: Vec3Mm, direction: [f32; 3], center: Vec3Mm, radius_mm: i32) -> Option<i64> {
    let ray = Ray::new(from, direction, center);
    ray.sphere_mm(0.0, f64::from(radius_mm)).map(micrometres)
}

/// Micrometres from `from` along `direction` to the vertical capsule of a body whose feet are at `feet`; 0 from
/// inside, `None` when missed or behind. `height_mm` is at least twice `radius_mm`.
pub fn ray_capsule(
    from: Vec3Mm,
    direction: [f32; 3],
    feet: Vec3Mm,
    radius_mm: i32,
    height_mm: i32,
) -> Option<i64> {
    let ray = Ray::new(from, direction, feet);
    let radius = f64::from(radius_mm);
    let (low, high) = (radius, f64::from(height_mm) - radius);
    let hits = [ray.sphere_mm(low, radius), ray.sphere_mm(high, radius), ray.side_mm(low, high, radius)];
    hits.into_iter()
        .flatten()
        .reduce(|nearest, hit| if hit < nearest { hit } else { nearest })
        .map(micrometres)
}

fn micrometres(mm: f64) -> i64 {
    (mm * 1_000.0) as i64
}

/// A ray seen from the foot of what it is tested against, in millimetres.
struct Ray {
    start: [f64; 3],
    direction: [f64; 3],
}

impl Ray {
    fn new(from: Vec3Mm, direction: [f32; 3], origin: Vec3Mm) -> Self {
        let start = [(from.x, origin.x), (from.y, origin.y), (from.z, origin.z)];
        Self {
            start: start.map(|(from, origin)| f64::from(from) - f64::from(origin)),
            direction: direction.map(f64::from),
        }
    }

    /// To a sphere on the vertical axis, `up` above the origin.
    fn sphere_mm(&self, up: f64, radius: f64) -> Option<f64> {
        let [x, y, z] = self.start;
        let [dx, dy, dz] = self.direction;
        let y = y - up;
        first_root(
            dx * dx + dy * dy + dz * dz,
            x * dx + y * dy + z * dz,
            x * x + y * y + z * z - radius * radius,
        )
    }

    /// To the side of a vertical cylinder from `low` to `high`.
    fn side_mm(&self, low: f64, high: f64, radius: f64) -> Option<f64> {
        let [x, y, z] = self.start;
        let [dx, dy, dz] = self.direction;
        let outside = x * x + z * z - radius * radius;
        let hit =
            if outside <= 0.0 { Some(0.0) } else { first_root(dx * dx + dz * dz, x * dx + z * dz, outside) };
        hit.filter(|hit| (low..=high).contains(&(y + dy * hit)))
    }
}

/// The smallest `t >= 0` with `a t² + 2 b t + c <= 0`.
fn first_root(a: f64, b: f64, c: f64) -> Option<f64> {
    if c <= 0.0 {
        return Some(0.0);
    }
    let discriminant = b * b - a * c;
    if b >= 0.0 || discriminant < 0.0 || a == 0.0 {
        return None;
    }
    Some(c / (discriminant.sqrt() - b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER_TURN: u16 = 16_384;

    fn near(a: [f32; 3], b: [f32; 3]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6)
    }

    #[test]
    fn yaw_zero_looks_along_minus_z_and_positive_turns_left() {
        let level = Pitch::default();
        assert!(near(direction(Yaw(0), level), [0.0, 0.0, -1.0]));
        assert!(near(direction(Yaw(QUARTER_TURN), level), [-1.0, 0.0, 0.0]));
        assert!(near(direction(Yaw(2 * QUARTER_TURN), level), [0.0, 0.0, 1.0]));
    }

    #[test]
    fn positive_pitch_looks_up() {
        let up = Pitch::new(8_192).expect("45 degrees is a pitch");
        assert!(near(direction(Yaw(0), up), [0.0, 0.5f32.sqrt(), -(0.5f32.sqrt())]));
    }

    #[test]
    fn a_ray_meets_a_sphere_at_its_near_side() {
        let forward = direction(Yaw(0), Pitch::default());
        let at = |x, z| Vec3Mm::new(x, 1_000, z);
        assert_eq!(ray_sphere(at(0, 0), forward, at(0, -10_000), 140), Some(9_860_000));
        assert_eq!(ray_sphere(at(0, 0), forward, at(141, -10_000), 140), None);
        assert_eq!(ray_sphere(at(0, 0), forward, at(0, 10_000), 140), None);
        assert_eq!(ray_sphere(at(0, 0), forward, at(0, -100), 140), Some(0));
    }

    #[test]
    fn a_ray_meets_the_side_and_both_ends_of_a_capsule() {
        let forward = direction(Yaw(0), Pitch::default());
        let hit = |y, x| ray_capsule(Vec3Mm::new(x, y, 0), forward, Vec3Mm::new(0, 0, -5_000), 350, 1_800);
        assert_eq!(hit(900, 0), Some(4_650_000));
        assert_eq!(hit(0, 0), Some(5_000_000));
        assert_eq!(hit(1_800, 0), Some(5_000_000));
        assert_eq!(hit(-1, 0), None);
        assert_eq!(hit(1_801, 0), None);
        assert_eq!(hit(900, 351), None);
    }

    #[test]
    fn a_vertical_ray_meets_the_top_of_a_capsule() {
        let hit = |x| ray_capsule(Vec3Mm::new(x, 5_000, 0), [0.0, -1.0, 0.0], Vec3Mm::default(), 350, 1_800);
        assert_eq!(hit(0), Some(3_200_000));
        assert_eq!(hit(351), None);
    }

    #[test]
    fn mirrored_shots_travel_exactly_as_far() {
        for turn in (0..=u16::MAX).step_by(97) {
            let there = ray_capsule(
                Vec3Mm::new(-3_000, 900, 0),
                direction(Yaw(turn), Pitch::default()),
                Vec3Mm::new(3_000, 0, 0),
                350,
                1_800,
            );
            let mirrored = [-1.0, 1.0, 1.0];
            let aim = direction(Yaw(turn), Pitch::default());
            let back = ray_capsule(
                Vec3Mm::new(3_000, 900, 0),
                [aim[0] * mirrored[0], aim[1], aim[2]],
                Vec3Mm::new(-3_000, 0, 0),
                350,
                1_800,
            );
            assert_eq!(there, back, "yaw {turn}");
        }
    }
}
