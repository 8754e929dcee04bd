//! `/maps` and `/maps/{mapId}`: levels as a client or a page draws them, in metres and degrees.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use combat_components::map::{Map, Solid};
use combat_components::quantity::{Vec3Mm, Yaw};
use serde::Serialize;
use serde_json::{Value, json};

use super::Api;
use super::caller::Viewer;
use super::problem::{Problem, ProblemCode};
use super::tagged::tagged;

#[derive(Serialize)]
pub struct MapList {
    maps: Vec<MapHead>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MapHead {
    map_id: String,
    name: String,
    /// SHA-256 of the map's file.
    hash: String,
    max_players: u8,
}

pub async fn list(State(api): State<Api>, _: Viewer) -> Json<MapList> {
    let maps = api.registry.catalogue().maps();
    let head = |map: &Map, hash: String| MapHead {
        map_id: map.id.clone(),
        name: map.name.clone(),
        hash,
        max_players: map.max_players,
    };
    Json(MapList { maps: maps.map(|entry| head(&entry.map, entry.hash.to_hex())).collect() })
}

pub async fn get(
    State(api): State<Api>,
    _: Viewer,
    Path(map_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entry = api.registry.catalogue().map(&map_id).ok_or(Problem::new(ProblemCode::MapNotFound))?;
    let hash = entry.hash.to_hex();
    Ok(tagged(&hash, &headers, || level(&entry.map, &hash)))
}

fn level(map: &Map, hash: &str) -> Value {
    let spawns = map.spawns.iter().map(|spawn| json!({"at": metres(spawn.at), "yawDeg": degrees(spawn.yaw)}));
    json!({
        "mapId": map.id,
        "name": map.name,
        "hash": hash,
        "maxPlayers": map.max_players,
        "bounds": {"min": metres(map.bounds.min), "max": metres(map.bounds.max)},
        "solids": map.solids.iter().map(solid).collect::<Vec<_>>(),
        "spawns": spawns.collect::<Vec<_>>(),
    })
}

fn solid(solid: &Solid) -> Value {
    match solid {
        Solid::Cuboid { center, size, yaw } => {
            json!({"kind": "cuboid", "center": metres(*center), "size": metres(*size), "yawDeg": degrees(*yaw)})
        }
        Solid::Hull { points } => {
            json!({"kind": "hull", "points": points.iter().map(|point| metres(*point)).collect::<Vec<_>>()})
        }
    }
}

/// `[x, y, z]`.
fn metres(point: Vec3Mm) -> [f64; 3] {
    [point.x, point.y, point.z].map(|mm| f64::from(mm) / 1_000.0)
}

fn degrees(yaw: Yaw) -> f64 {
    f64::from(yaw.0) * 360.0 / 65_536.0
}

#[cfg(test)]
mod tests {
    use combat_components::map::{Bounds, SpawnPoint};

    use super::*;

    #[test]
    fn a_level_is_told_in_metres_and_degrees() {
        let map = Map {
            id: "box".into(),
            name: "Box".into(),
            max_players: 2,
            bounds: Bounds { min: Vec3Mm::new(-1_000, 0, -1_500), max: Vec3Mm::new(1_000, 3_000, 1_500) },
            solids: vec![
                Solid::Cuboid {
                    center: Vec3Mm::new(0, -500, 1),
                    size: Vec3Mm::new(2_000, 1_000, 3_000),
                    yaw: Yaw(16_384),
                },
                Solid::Hull { points: vec![Vec3Mm::new(1, 2, 3)] },
            ],
            spawns: vec![SpawnPoint { at: Vec3Mm::new(0, 0, 1_250), yaw: Yaw(32_768) }],
        };
        let level = level(&map, "ab");
        assert_eq!(level["bounds"]["min"], json!([-1.0, 0.0, -1.5]));
        let cuboid =
            json!({"kind": "cuboid", "center": [0.0, -0.5, 0.001], "size": [2.0, 1.0, 3.0], "yawDeg": 90.0});
        assert_eq!(level["solids"][0], cuboid);
        assert_eq!(level["solids"][1], json!({"kind": "hull", "points": [[0.001, 0.002, 0.003]]}));
        assert_eq!(level["spawns"][0], json!({"at": [0.0, 0.0, 1.25], "yawDeg": 180.0}));
    }
}
