//! A map from TOML.
//!
//! Not checked here, because it takes the shape of a body: that spawn points have room and stand on ground.

use std::ops::RangeInclusive;

use super::crowd;
use super::hull::{self, HULL_EXTENT_MM_MAX, Slope};
use super::{Bounds, Map, Solid, SpawnPoint};
use crate::limits::{MAP_EXTENT_MM, PLAYERS_MAX};
use crate::quantity::{Vec3Mm, Yaw};
use crate::toml_error::TomlError;
use crate::toml_reader::{Table, read_document};

/// What a level is built from at most: its tree then stays within 1 MB and a path check within microseconds.
pub const SOLIDS_MAX: usize = 1_024;
/// Faces are found in cubic time.
pub const HULL_POINTS_MAX: usize = 64;
/// All hulls of a map together: a file's faces are found within a second even unoptimised.
pub const HULL_POINTS_TOTAL_MAX: usize = 4_096;
/// Pairs of solids whose boxes along the axes overlap: a level is asked about all that overlap where a body is, so that
/// 1,023 long walls aslant would cost every claim milliseconds. 1,023 crates on a floor have half as many.
pub const OVERLAPS_MAX: usize = 2_048;
/// Corners of solids whose boxes one body can be beside: it is held against each of them, hundreds of times with a long
/// claim. Six times as many as the maps that ship have.
pub const CORNERS_IN_ONE_PLACE_MAX: usize = 192;
pub const SPAWNS: RangeInclusive<usize> = 2..=64;
pub const MAP_ID_BYTES_MAX: usize = 32;
pub const MAP_NAME_BYTES_MAX: usize = 64;
/// Anything thinner drowns in the rounding of f32 queries.
pub const SOLID_THICKNESS_MM_MIN: i32 = 10;
pub const CUBOID_EDGE_MM: RangeInclusive<i32> = SOLID_THICKNESS_MM_MIN..=MAP_EXTENT_MM;

const COORDINATE_MM: RangeInclusive<i32> = -MAP_EXTENT_MM..=MAP_EXTENT_MM;
const YAW_DEG: RangeInclusive<i32> = -359..=359;

const KEYS: &[&str] = &["id", "name", "max_players", "bounds", "cuboid", "hull", "spawn"];
const BOUNDS_KEYS: &[&str] = &["min_mm", "max_mm"];
const CUBOID_KEYS: &[&str] = &["center_mm", "size_mm", "yaw_deg"];
const HULL_KEYS: &[&str] = &["points_mm"];
const SPAWN_KEYS: &[&str] = &["at_mm", "yaw_deg"];

impl Map {
    /// Reads and validates a map. `file` is what errors call it.
    ///
    /// Solids are numbered in the order of the file, cuboids before hulls.
    pub fn parse(file: &str, text: &str) -> Result<Self, TomlError> {
        read_document(file, text, KEYS, |root| {
            let bounds = bounds(&root.table("bounds", BOUNDS_KEYS)?)?;
            let spawns = spawns(&root.tables("spawn", SPAWNS, SPAWN_KEYS)?, bounds)?;
            let max_players = root.integer("max_players", 2..=PLAYERS_MAX as u8)?;
            if usize::from(max_players) > spawns.len() {
                let message = format!("expected at most as many as there are spawns, {}", spawns.len());
                return Err(root.error("max_players", message));
            }
            Ok(Self {
                id: root.slug("id", MAP_ID_BYTES_MAX)?,
                name: root.text("name", MAP_NAME_BYTES_MAX)?,
                max_players,
                bounds,
                solids: solids(root)?,
                spawns,
            })
        })
    }
}

fn bounds(table: &Table<'_>) -> Result<Bounds, TomlError> {
    let min = table.point("min_mm", COORDINATE_MM)?;
    let max = table.point("max_mm", COORDINATE_MM)?;
    if min.x < max.x && min.y < max.y && min.z < max.z {
        return Ok(Bounds { min, max });
    }
    Err(table.error("max_mm", "expected more than min_mm on every axis"))
}

fn spawns(tables: &[Table<'_>], bounds: Bounds) -> Result<Vec<SpawnPoint>, TomlError> {
    let spawn = |table: &Table<'_>| {
        let at = table.point("at_mm", COORDINATE_MM)?;
        if !bounds.contains(at) {
            return Err(table.error("at_mm", "lies outside the bounds"));
        }
        Ok(SpawnPoint { at, yaw: yaw(table)? })
    };
    tables.iter().map(spawn).collect()
}

fn solids(root: &Table<'_>) -> Result<Vec<Solid>, TomlError> {
    let cuboids = root.tables("cuboid", 0..=SOLIDS_MAX, CUBOID_KEYS)?;
    let hulls = root.tables("hull", 0..=SOLIDS_MAX, HULL_KEYS)?;
    let count = cuboids.len() + hulls.len();
    if count == 0 {
        return Err(
            root.error("cuboid", "missing, expected at least one `[[cuboid]]` or `[[hull]]` to stand on")
        );
    }
    if count > SOLIDS_MAX {
        let message = format!("expected at most {SOLIDS_MAX} cuboids and hulls together, found {count}");
        return Err(root.error("hull", message));
    }
    let mut solids = cuboids.iter().map(cuboid).collect::<Result<Vec<_>, _>>()?;
    let mut points_total = 0;
    for table in &hulls {
        let points = points(table)?;
        points_total += points.len();
        if points_total > HULL_POINTS_TOTAL_MAX {
            let message = format!("expected at most {HULL_POINTS_TOTAL_MAX} points in all hulls together");
            return Err(table.error("points_mm", message));
        }
        check_hull(table, &points)?;
        solids.push(Solid::Hull { points });
    }
    let overlaps = crowd::overlaps(&solids);
    if overlaps > OVERLAPS_MAX {
        let message = format!(
            "expected at most {OVERLAPS_MAX} pairs of solids whose boxes along the axes overlap, found {overlaps}: \
             long walls that stand aslant are better made of short ones"
        );
        return Err(root.error("cuboid", message));
    }
    if let Some(crowded) = super::crowded_place(&solids, crowd::HALF_BODY) {
        return Err(root.error("cuboid", crowded.to_string()));
    }
    Ok(solids)
}

fn cuboid(table: &Table<'_>) -> Result<Solid, TomlError> {
    Ok(Solid::Cuboid {
        center: table.point("center_mm", COORDINATE_MM)?,
        size: table.point("size_mm", CUBOID_EDGE_MM)?,
        yaw: if table.has("yaw_deg") { yaw(table)? } else { Yaw::default() },
    })
}

fn points(table: &Table<'_>) -> Result<Vec<Vec3Mm>, TomlError> {
    let points = table.points("points_mm", 4..=HULL_POINTS_MAX, COORDINATE_MM)?;
    for (index, point) in points.iter().enumerate() {
        if points[..index].contains(point) {
            let message = format!("point {index} repeats an earlier one, expected each corner once");
            return Err(table.error("points_mm", message));
        }
    }
    Ok(points)
}

fn check_hull(table: &Table<'_>, points: &[Vec3Mm]) -> Result<(), TomlError> {
    let Some(faces) = hull::faces(points) else {
        let message =
            format!("expected points that span a volume of at most {HULL_EXTENT_MM_MAX} mm along each axis");
        return Err(table.error("points_mm", message));
    };
    for face in &faces {
        if face.slope() == Slope::Steep {
            let message = "face too steep to walk and not a wall, expected every face that looks up to be at most \
                           45 degrees steep or within 1 degree of vertical";
            return Err(table.error("points_mm", message));
        }
        if !face.is_thicker_than(points, SOLID_THICKNESS_MM_MIN) {
            let message = format!("expected a hull at least {SOLID_THICKNESS_MM_MIN} mm thick everywhere");
            return Err(table.error("points_mm", message));
        }
    }
    Ok(())
}

/// Whole degrees as 1/65,536 turn, to the nearest.
fn yaw(table: &Table<'_>) -> Result<Yaw, TomlError> {
    let degrees = table.integer("yaw_deg", YAW_DEG)?.rem_euclid(360);
    let turn = (degrees * 65_536 + 180) / 360;
    Ok(Yaw(u16::try_from(turn).expect("359 degrees are less than a turn")))
}
