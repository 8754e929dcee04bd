//! How close solids stand: what a level is asked about a body takes as long as there are solids where it is.

use super::{Bounds, Solid};
use crate::quantity::Vec3Mm;

/// Pairs of solids whose boxes along the axes overlap.
pub(super) fn overlaps(solids: &[Solid]) -> usize {
    let boxes: Vec<Bounds> = solids.iter().map(Solid::bounds).collect();
    let later = |(index, a)| boxes[index + 1..].iter().filter(move |b| overlap(a, b)).count();
    boxes.iter().enumerate().map(later).sum()
}

/// Half of a body as it is usual: what touches one at the same time shares a place when its box is grown by this.
pub const HALF_BODY: Vec3Mm = Vec3Mm::new(350, 900, 350);

/// No solid counts for fewer: what is asked of one takes a while however few corners it has.
const CORNERS_MIN: usize = 8;

/// Where a body of this size, by halves, is beside solids with more than `enough` corners, and with how many: the first such
/// place that is found, or else the most crowded one. In cubic time of those that overlap one solid, which are few where
/// nothing is crowded.
pub(super) fn crowded_place(solids: &[Solid], half_body: Vec3Mm, enough: usize) -> (usize, Vec3Mm) {
    let all: Vec<(Bounds, usize)> =
        solids.iter().map(|solid| (grown(solid.bounds(), half_body), corners(solid))).collect();
    let mut most = (0, Vec3Mm::default());
    // Boxes that share a place share the one where the last of them begins along every axis.
    for (west, _) in &all {
        let x = west.min.x;
        let at_x: Vec<_> =
            all.iter().filter(|(of, _)| of.min.x <= x && x <= of.max.x && overlap(of, west)).collect();
        for (bottom, _) in &at_x {
            let y = bottom.min.y;
            let at_y: Vec<_> = at_x.iter().filter(|(of, _)| of.min.y <= y && y <= of.max.y).collect();
            if at_y.iter().map(|(_, corners)| corners).sum::<usize>() <= most.0 {
                continue;
            }
            for (north, _) in &at_y {
                let z = north.min.z;
                let here = at_y.iter().filter(|(of, _)| of.min.z <= z && z <= of.max.z);
                let found = here.map(|(_, corners)| corners).sum();
                if found > most.0 {
                    most = (found, Vec3Mm::new(x, y, z));
                }
                if found > enough {
                    return most;
                }
            }
        }
    }
    most
}

fn grown(Bounds { min, max }: Bounds, by: Vec3Mm) -> Bounds {
    Bounds {
        min: Vec3Mm::new(min.x - by.x, min.y - by.y, min.z - by.z),
        max: Vec3Mm::new(max.x + by.x, max.y + by.y, max.z + by.z),
    }
}

fn corners(solid: &Solid) -> usize {
    match solid {
        Solid::Cuboid { .. } => CORNERS_MIN,
        Solid::Hull { points } => points.len().max(CORNERS_MIN),
    }
}

fn overlap(a: &Bounds, b: &Bounds) -> bool {
    let axes = [
        (a.min.x, a.max.x, b.min.x, b.max.x),
        (a.min.y, a.max.y, b.min.y, b.max.y),
        (a.min.z, a.max.z, b.min.z, b.max.z),
    ];
    axes.into_iter().all(|(a_min, a_max, b_min, b_max)| a_min <= b_max && b_min <= a_max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Yaw;

    fn cuboid(center: [i32; 3], size: i32) -> Solid {
        let [x, y, z] = center;
        Solid::Cuboid { center: Vec3Mm::new(x, y, z), size: Vec3Mm::new(size, size, size), yaw: Yaw(0) }
    }

    fn most(solids: &[Solid]) -> (usize, Vec3Mm) {
        crowded_place(solids, HALF_BODY, usize::MAX)
    }

    #[test]
    fn corners_are_counted_where_boxes_share_a_place_and_not_where_each_touches_another() {
        let row: Vec<_> = (0..50).map(|place| cuboid([place * 1_000, 0, 0], 1_200)).collect();
        assert_eq!((overlaps(&row), most(&row).0), (49, 16));
        let close: Vec<_> = (0..50).map(|place| cuboid([place * 300, 0, 0], 250)).collect();
        assert_eq!((overlaps(&close), most(&close).0), (0, 32), "a body is beside four");
        let floor = cuboid([0, -100_000, 0], 200_000);
        let crates = (0..50).map(|place| cuboid([place % 8 * 2_000, 0, place / 8 * 2_000], 1_000));
        let on_a_floor: Vec<_> = crates.chain([floor]).collect();
        assert_eq!((overlaps(&on_a_floor), most(&on_a_floor).0), (50, 16));
        let nested: Vec<_> = (1..10).map(|size| cuboid([0, 0, 0], size * 100)).collect();
        assert_eq!(most(&nested), (72, Vec3Mm::new(-400, -950, -400)));
        let large = crowded_place(&close, Vec3Mm::new(1_000, 2_000, 1_000), usize::MAX);
        assert_eq!(large.0, 64, "a body of two metres is beside eight of those");
        let two_spots = [vec![cuboid([0, 0, 0], 100); 5], vec![cuboid([9_000, 0, 0], 100); 9]].concat();
        let found = [32, 40, 72].map(|enough| crowded_place(&two_spots, HALF_BODY, enough).0);
        assert_eq!(found, [40, 72, 72], "no further than to the first that is too many");
    }
}
