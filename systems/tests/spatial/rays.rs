//! Rays against the level.

use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_systems::formulas::aim;

use crate::fixture::{Random, floor_and, level, maps, rules};
use crate::reference::Reference;

const REACH_MM: u32 = 40_000;

fn along(from: Vec3Mm, direction: [f32; 3], mm: f64) -> [f64; 3] {
    let part = |from: i32, direction: f32| f64::from(from) + f64::from(direction) * mm;
    [part(from.x, direction[0]), part(from.y, direction[1]), part(from.z, direction[2])]
}

#[test]
fn a_ray_ends_on_a_surface_with_nothing_solid_before_it() {
    let mut random = Random::new(41);
    for map in maps() {
        let (level, reference) = (level(&map), Reference::new(&map, &rules().body));
        let mut hits = 0;
        for _ in 0..5_000 {
            let from = random.within(&map);
            let pitch = Pitch::new(random.between(-16_000, 16_000) as i16).unwrap();
            let direction = aim::direction(Yaw(random.next() as u16), pitch);
            let nearest = |mm: f64| reference.point_distance_mm(along(from, direction, mm));
            let hit = level.ray_distance_um(from, direction, REACH_MM);
            let free_mm = hit.map_or(f64::from(REACH_MM), |um| um as f64 / 1_000.0);
            if let Some(um) = hit {
                assert!(
                    nearest(um as f64 / 1_000.0 + 0.01) <= 0.01,
                    "{from:?} {direction:?} ends at {um} µm"
                );
                hits += 1;
            }
            for step in 0..300 {
                let mm = (free_mm - 0.1) * f64::from(step) / 300.0;
                assert!(mm <= 0.0 || nearest(mm) > 0.0, "{from:?} {direction:?} passes solid at {mm} mm");
            }
        }
        assert!(hits > 2_000, "{}: {hits} hits", map.id);
    }
}

#[test]
fn a_ray_along_the_seam_of_two_boxes_meets_them() {
    let boxes = "[[cuboid]]\ncenter_mm = [-1_000, 1_000, -5_000]\nsize_mm = [2_000, 2_000, 2_000]\n\
                 [[cuboid]]\ncenter_mm = [1_000, 1_000, -5_000]\nsize_mm = [2_000, 2_000, 2_000]";
    let level = level(&floor_and(boxes));
    for yaw in [Yaw(0), Yaw(1), Yaw(65_535)] {
        let hit =
            level.ray_distance_um(Vec3Mm::new(0, 1_000, 0), aim::direction(yaw, Pitch::default()), REACH_MM);
        assert!((3_999_900..=4_000_100).contains(&hit.unwrap()), "{yaw:?} {hit:?}");
    }
}

#[test]
fn a_ray_stops_at_its_reach_and_starts_at_zero_inside_solid() {
    let level =
        level(&floor_and("[[cuboid]]\ncenter_mm = [0, 1_000, -5_500]\nsize_mm = [2_000, 2_000, 1_000]"));
    let forward = aim::direction(Yaw(0), Pitch::default());
    let eye = Vec3Mm::new(0, 1_600, 0);
    assert_eq!(level.ray_distance_mm(eye, forward, 5_000), Some(5_000));
    assert_eq!(level.ray_distance_mm(eye, forward, 4_999), None);
    assert_eq!(level.ray_distance_mm(Vec3Mm::new(0, 1_600, -5_500), forward, 5_000), Some(0));
    assert_eq!(level.ray_distance_mm(eye, forward, 0), None);
}
