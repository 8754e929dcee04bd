//! Where a body can walk on a level: points to stand on, linked where a straight walk leads both ways.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::{Arc, Weak};

use combat_components::map::Map;
use combat_components::quantity::Vec3Mm;
use combat_systems::spatial::Level;
use parking_lot::Mutex;

use super::aim::heading;

/// Between two points of the grid: two bodies' widths, so that no doorway is missed.
const SPACING_MM: i32 = 1_500;

/// Columns of the grid at most: a level of 150 × 150 m; larger ones get a coarser grid.
const COLUMNS_MAX: i32 = 10_000;

/// Floors above each other that are found.
const FLOORS_MAX: usize = 6;

/// Downwards through solid by this much until there is room again.
const FLOOR_SEARCH_MM: i32 = 250;

/// A walk has arrived within this distance, horizontally and vertically.
const ARRIVED_MM: i64 = 150;

/// Points of a route that one straight walk may skip.
const SKIP_MAX: usize = 6;

/// Levels whose routes are remembered.
const REMEMBERED_MAX: usize = 16;

/// The routes of one level, shared by all bots on it.
#[derive(Debug)]
pub struct Routes {
    step_height_mm: i32,
    points: Vec<Vec3Mm>,
    links: Vec<Vec<u16>>,
}

/// Routes, and what they were found for: a level and the height of a step on it.
type Remembered = (Weak<Level>, i32, Arc<Routes>);

static REMEMBERED: Mutex<Vec<Remembered>> = Mutex::new(Vec::new());

impl Routes {
    /// The routes of `level`, found once; takes a moment the first time.
    pub fn of(level: &Arc<Level>, map: &Map, step_height_mm: i32) -> Arc<Self> {
        let mut remembered = REMEMBERED.lock();
        remembered.retain(|(level, ..)| level.strong_count() > 0);
        let known = |(known, step_mm, _): &&Remembered| {
            *step_mm == step_height_mm && std::ptr::eq(known.as_ptr(), Arc::as_ptr(level))
        };
        if let Some((.., routes)) = remembered.iter().find(known) {
            return routes.clone();
        }
        let routes = Arc::new(Self::find(level, map, step_height_mm));
        if remembered.len() >= REMEMBERED_MAX {
            remembered.remove(0);
        }
        remembered.push((Arc::downgrade(level), step_height_mm, routes.clone()));
        routes
    }

    fn find(level: &Level, map: &Map, step_height_mm: i32) -> Self {
        let (width_mm, depth_mm) = (map.bounds.max.x - map.bounds.min.x, map.bounds.max.z - map.bounds.min.z);
        let least_mm = (f64::from(width_mm) * f64::from(depth_mm) / f64::from(COLUMNS_MAX)).sqrt() as i32;
        let spacing_mm = SPACING_MM.max(least_mm);
        let (columns, rows) = (width_mm / spacing_mm + 1, depth_mm / spacing_mm + 1);
        let mut all = Self { step_height_mm, points: Vec::new(), links: Vec::new() };
        let mut columns_of_points = vec![0..0; (columns * rows) as usize];
        for (index, found) in columns_of_points.iter_mut().enumerate() {
            let (column, row) = (index as i32 % columns, index as i32 / columns);
            let (x, z) = (map.bounds.min.x + column * spacing_mm, map.bounds.min.z + row * spacing_mm);
            let first = all.points.len();
            floors(level, x, z, &mut all.points);
            *found = first..all.points.len();
        }
        all.links = vec![Vec::new(); all.points.len()];
        for (index, here) in columns_of_points.iter().enumerate() {
            let (column, row) = (index as i32 % columns, index as i32 / columns);
            for (right, down) in [(1, 0), (-1, 1), (0, 1), (1, 1)] {
                let (column, row) = (column + right, row + down);
                if (0..columns).contains(&column) && row < rows {
                    let there = columns_of_points[(row * columns + column) as usize].clone();
                    all.link(level, here.clone(), there);
                }
            }
        }
        all.reachable_from(map)
    }

    fn link(&mut self, level: &Level, here: std::ops::Range<usize>, there: std::ops::Range<usize>) {
        for a in here {
            for b in there.clone() {
                let (from, to) = (self.points[a], self.points[b]);
                if self.leads(level, from, to) && self.leads(level, to, from) {
                    self.links[a].push(b as u16);
                    self.links[b].push(a as u16);
                }
            }
        }
    }

    /// Whether a straight walk over the ground ends at `to`.
    fn leads(&self, level: &Level, from: Vec3Mm, to: Vec3Mm) -> bool {
        let length_mm = from.horizontal_distance_squared(to).isqrt();
        if i64::from((to.y - from.y).abs()) > length_mm + i64::from(self.step_height_mm) {
            return false;
        }
        let end = level.slide_until_blocked(from, heading(from, to), length_mm as i32, self.step_height_mm);
        end.horizontal_distance_squared(to) <= ARRIVED_MM * ARRIVED_MM
            && i64::from((end.y - to.y).abs()) <= ARRIVED_MM
    }

    /// Without the points that nobody gets to from a spawn point, such as the tops of walls.
    fn reachable_from(self, map: &Map) -> Self {
        let mut reached = BTreeSet::new();
        let mut open: Vec<usize> = map.spawns.iter().filter_map(|spawn| self.nearest(spawn.at)).collect();
        while let Some(point) = open.pop() {
            if reached.insert(point) {
                open.extend(self.links[point].iter().map(|next| usize::from(*next)));
            }
        }
        let kept: Vec<usize> = reached.into_iter().collect();
        let renumbered = |old: &u16| kept.binary_search(&usize::from(*old)).ok().map(|new| new as u16);
        Self {
            step_height_mm: self.step_height_mm,
            points: kept.iter().map(|old| self.points[*old]).collect(),
            links: kept.iter().map(|old| self.links[*old].iter().filter_map(renumbered).collect()).collect(),
        }
    }

    pub fn points(&self) -> &[Vec3Mm] {
        &self.points
    }

    /// Heights count three times: a point of another floor is rarely the near one.
    fn nearest(&self, at: Vec3Mm) -> Option<usize> {
        let distance = |point: &Vec3Mm| {
            let up_mm = i64::from(point.y - at.y);
            point.horizontal_distance_squared(at) + 9 * up_mm * up_mm
        };
        (0..self.points.len()).min_by_key(|index| distance(&self.points[*index]))
    }

    /// The corners of the shortest way, nearest first; empty when there is none.
    pub fn route(&self, level: &Level, from: Vec3Mm, to: Vec3Mm) -> Vec<Vec3Mm> {
        let (Some(start), Some(goal)) = (self.nearest(from), self.nearest(to)) else { return Vec::new() };
        let mut came_from = vec![u16::MAX; self.points.len()];
        let mut length_mm = vec![i64::MAX; self.points.len()];
        let mut open = BinaryHeap::from([(Reverse(0_i64), start)]);
        length_mm[start] = 0;
        while let Some((_, point)) = open.pop() {
            if point == goal {
                break;
            }
            for next in &self.links[point] {
                let next = usize::from(*next);
                let length =
                    length_mm[point] + self.points[point].distance_squared(self.points[next]).isqrt();
                if length < length_mm[next] {
                    (length_mm[next], came_from[next]) = (length, point as u16);
                    let left_mm = self.points[next].distance_squared(self.points[goal]).isqrt();
                    open.push((Reverse(length + left_mm), next));
                }
            }
        }
        if length_mm[goal] == i64::MAX {
            return Vec::new();
        }
        let mut corners = vec![self.points[goal]];
        let mut point = goal;
        while point != start {
            point = usize::from(came_from[point]);
            corners.push(self.points[point]);
        }
        corners.reverse();
        self.straightened(level, from, &corners)
    }

    fn straightened(&self, level: &Level, from: Vec3Mm, corners: &[Vec3Mm]) -> Vec<Vec3Mm> {
        let (mut at, mut index, mut straight) = (from, 0, Vec::new());
        while index < corners.len() {
            let furthest = (index + SKIP_MAX).min(corners.len() - 1);
            let skipped = (index + 1..=furthest).rev().find(|next| self.leads(level, at, corners[*next]));
            index = skipped.unwrap_or(index);
            at = corners[index];
            straight.push(at);
            index += 1;
        }
        straight
    }
}

/// Where a body can stand above `x`, `z`, from the top down.
fn floors(level: &Level, x: i32, z: i32, points: &mut Vec<Vec3Mm>) {
    let (bounds, first) = (level.bounds(), points.len());
    let mut y = bounds.max.y;
    while y >= bounds.min.y && points.len() - first < FLOORS_MAX && points.len() < usize::from(u16::MAX) {
        let at = Vec3Mm::new(x, y, z);
        if level.overlaps(at) {
            y -= FLOOR_SEARCH_MM;
            continue;
        }
        let Some(rest) = level.ground_below(at) else { return };
        if level.grounded(rest) {
            points.push(rest);
        }
        y = rest.y - FLOOR_SEARCH_MM;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bots::tests::parts;

    #[test]
    fn every_spawn_of_the_arena_is_reached_from_every_other_and_both_floors_are_used() {
        let parts = parts("arena", 10);
        let routes = Routes::of(&parts.level, &parts.map, parts.ruleset.movement.step_height_mm);
        for from in &parts.map.spawns {
            for to in &parts.map.spawns {
                let route = routes.route(&parts.level, from.at, to.at);
                let end = route.last().unwrap_or_else(|| panic!("no way from {:?} to {:?}", from.at, to.at));
                assert!(end.distance_squared(to.at) < 2_000 * 2_000, "{:?} to {:?}: {end:?}", from.at, to.at);
            }
        }
        let upstairs = routes.points().iter().filter(|point| (2_900..3_100).contains(&point.y)).count();
        let downstairs = routes.points().iter().filter(|point| (-50..50).contains(&point.y)).count();
        assert!(upstairs > 50 && downstairs > 200, "{upstairs} up, {downstairs} down");
        assert!(routes.points().iter().all(|point| point.y < 7_000), "nobody walks on the walls");
    }

    #[test]
    fn routes_are_found_once_per_level() {
        let parts = parts("duel-box", 2);
        let step_mm = parts.ruleset.movement.step_height_mm;
        let routes = Routes::of(&parts.level, &parts.map, step_mm);
        assert!(Arc::ptr_eq(&routes, &Routes::of(&parts.level, &parts.map, step_mm)));
    }
}
