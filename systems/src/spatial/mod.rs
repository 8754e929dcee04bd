//! Space: one immutable level per map, and the questions the rules ask of it.
//!
//! The only place that names rapier. Integers at the border, f32 metres inside; no answer depends on the order
//! in which the solids were inserted.

use std::sync::Arc;

use arrayvec::ArrayVec;
use clip::Clip;
use combat_components::map::{Bounds, Crowded, Map, Solid};
use combat_components::quantity::Vec3Mm;
use combat_components::rules::BodyRules;
use rapier3d::dynamics::{IntegrationParameters, RigidBodySet};
use rapier3d::geometry::{Aabb, BroadPhaseBvh, Capsule, Collider, ColliderBuilder, ColliderSet};
use rapier3d::math::{Pose, Vector};
use rapier3d::parry::query::DefaultQueryDispatcher;
use rapier3d::pipeline::{QueryFilter, QueryPipeline};

mod clip;
mod effort;
mod ground;
mod led;
mod near;
mod path;
mod ray;
mod slide;
mod trail;
mod walker;
mod wall;

pub(crate) use effort::NEAR_SOLIDS_PER_CLAIM_MAX;
pub use ground::{GROUND_PROBE_MM, REST_GAP_MM};
pub(crate) use led::Ways;
pub use path::PATH_POINTS_MAX;
pub use trail::Trail;
pub use walker::{Walked, Walker, Wish};

/// How far the tested capsule is smaller than the body on every side: touching counts as overlap, and a body that
/// rests on the floor or leans against a wall must stay free.
pub const SKIN_MM: i32 = 2;

/// What is wrong with a map for the bodies of a ruleset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    #[error("solid[{solid}] has no volume, expected points that span one")]
    NoVolume { solid: usize },
    #[error("spawn[{spawn}] lies outside the bounds")]
    SpawnOutOfBounds { spawn: usize },
    #[error("spawn[{spawn}] overlaps solid, expected room for a body of the ruleset")]
    SpawnInSolid { spawn: usize },
    #[error("spawn[{spawn}] does not stand on ground, expected it at most {GROUND_PROBE_MM} mm above")]
    SpawnInAir { spawn: usize },
    #[error("for a body of the ruleset {0}")]
    Crowded(#[from] Crowded),
}

/// Solids that come and go: at most so many stand in a session at once.
pub const EXTRA_SOLIDS_MAX: usize = 32;

/// What is solid in a session: its map, built once for one shape of body and shared by every session that plays it, and
/// what stands on it for a while. A clone shares both until other solids stand on one of them.
#[derive(Clone)]
pub struct Level {
    fixed: Arc<Fixed>,
    /// `None` where none has stood.
    extra: Option<Arc<Extras>>,
    bounds: Bounds,
    radius_mm: i32,
    height_mm: i32,
    /// The body less the skin.
    capsule: Capsule,
    /// Narrower still, so that a wall beside the body is not taken for ground.
    probe: Capsule,
    effort: effort::Effort,
}

/// The solids of a map.
struct Fixed {
    bodies: RigidBodySet,
    colliders: ColliderSet,
    broad_phase: BroadPhaseBvh,
    clips: Vec<Clip>,
}

type Extras = ArrayVec<Extra, EXTRA_SOLIDS_MAX>;

/// A solid beside those of the map, and whether it waits for somebody to be out of it.
#[derive(Clone)]
struct Extra {
    solid: Standing,
    waits: bool,
}

/// A solid as queries ask it.
#[derive(Clone)]
struct Standing {
    collider: Collider,
    clip: Clip,
    bounds: Aabb,
}

impl std::fmt::Debug for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (solids, extra) = (self.fixed.clips.len(), self.extra().count());
        f.debug_struct("Level")
            .field("solids", &solids)
            .field("extra", &extra)
            .field("bounds", &self.bounds)
            .finish()
    }
}

impl Level {
    /// Builds the level and checks that every spawn point has room and stands on ground, and that no place is too crowded
    /// for a body so large.
    pub fn build(map: &Map, body: &BodyRules) -> Result<Self, LevelError> {
        if let Some(crowded) =
            map.crowded_for(Vec3Mm::new(body.radius_mm, body.height_mm / 2, body.radius_mm))
        {
            return Err(crowded.into());
        }
        let level = Self {
            fixed: Arc::new(Fixed::of(&map.solids)?),
            extra: None,
            bounds: map.bounds,
            radius_mm: body.radius_mm,
            height_mm: body.height_mm,
            capsule: capsule(body, SKIN_MM),
            probe: capsule(body, SKIN_MM + ground::PROBE_NARROWING_MM),
            effort: effort::Effort::default(),
        };
        for (spawn, point) in map.spawns.iter().enumerate() {
            if !level.contains(point.at) {
                return Err(LevelError::SpawnOutOfBounds { spawn });
            }
            if level.overlaps(point.at) {
                return Err(LevelError::SpawnInSolid { spawn });
            }
            if !level.grounded(point.at) {
                return Err(LevelError::SpawnInAir { spawn });
            }
        }
        Ok(level)
    }

    /// From now on these stand beside the solids of the map, and none that stood before: at most [`EXTRA_SOLIDS_MAX`], those
    /// that come first; one without volume is not there. Every question is answered with them, but for the walker's,
    /// whose client knows the map alone. Allocates.
    pub fn stand(&mut self, solids: impl Iterator<Item = Solid>) {
        let standing = solids.filter_map(|solid| Standing::of(&solid)).take(EXTRA_SOLIDS_MAX);
        let extra: Extras = standing.map(|solid| Extra { solid, waits: false }).collect();
        self.extra = (!extra.is_empty()).then(|| Arc::new(extra));
    }

    /// Of what stands beside the solids of the map, that which a body with its feet at one of `feet` would be inside is not
    /// there until this is asked again. Tells whether that changes anything. Allocates nothing.
    pub(crate) fn make_way(&mut self, feet: impl Iterator<Item = Vec3Mm> + Clone) -> bool {
        let Some(mut extras) = self.extra.take() else { return false };
        let mut changed = false;
        for index in 0..extras.len() {
            let solid = &extras[index].solid;
            let waits = feet.clone().any(|feet| self.placed(&self.capsule, feet).is_inside(solid));
            if extras[index].waits != waits {
                Arc::make_mut(&mut extras)[index].waits = waits;
                changed = true;
            }
        }
        self.extra = Some(extras);
        changed
    }

    fn extra(&self) -> impl Iterator<Item = &Standing> {
        let extras = self.extra.iter().flat_map(|extras| extras.iter());
        extras.filter(|extra| !extra.waits).map(|extra| &extra.solid)
    }

    /// Without what stands beside the solids of the map; `None` where nothing does. Allocates nothing.
    pub(crate) fn map_alone(&self) -> Option<Self> {
        self.extra.as_ref()?;
        Some(Self { extra: None, ..self.clone() })
    }

    /// Whether `at` lies within the map's bounds.
    pub fn contains(&self, at: Vec3Mm) -> bool {
        self.bounds.contains(at)
    }

    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    fn queries(&self) -> QueryPipeline<'_> {
        let filter = QueryFilter::default();
        let Fixed { bodies, colliders, broad_phase, .. } = &*self.fixed;
        broad_phase.as_query_pipeline(&DefaultQueryDispatcher, bodies, colliders, filter)
    }
}

impl Fixed {
    fn of(solids: &[Solid]) -> Result<Self, LevelError> {
        let mut fixed = Self {
            bodies: RigidBodySet::new(),
            colliders: ColliderSet::new(),
            broad_phase: BroadPhaseBvh::new(),
            clips: Vec::with_capacity(solids.len()),
        };
        for (solid, shape) in solids.iter().enumerate() {
            let standing = Standing::of(shape).ok_or(LevelError::NoVolume { solid })?;
            let handle = fixed.colliders.insert(standing.collider);
            let leaf = handle.into_raw_parts().0 as usize;
            assert_eq!(leaf, solid, "a fresh collider set numbers its colliders from 0");
            fixed.clips.push(standing.clip);
            fixed.broad_phase.set_aabb(&IntegrationParameters::default(), handle, standing.bounds);
        }
        Ok(fixed)
    }
}

impl Standing {
    /// `None` when a hull has no volume.
    fn of(solid: &Solid) -> Option<Self> {
        let clip = Clip::of(solid)?;
        let collider = collider(solid)?;
        let bounds = collider.compute_aabb();
        Some(Self { collider, clip, bounds })
    }
}

/// The vertical capsule of a body, centred, less `less_mm` on every side.
fn capsule(body: &BodyRules, less_mm: i32) -> Capsule {
    let half_segment_m = (body.height_mm - 2 * body.radius_mm) as f32 / 2_000.0;
    Capsule::new_y(half_segment_m, (body.radius_mm - less_mm) as f32 / 1_000.0)
}

/// `None` when rapier finds no volume in a hull.
fn collider(solid: &Solid) -> Option<Collider> {
    let builder = match solid {
        Solid::Cuboid { center, size, yaw } => {
            let half = to_metres(*size) * 0.5;
            let (sin, cos) = libm::sincosf(turn_to_radians(yaw.0) / 2.0);
            let rotation = rapier3d::math::Rotation::from_xyzw(0.0, sin, 0.0, cos);
            ColliderBuilder::cuboid(half.x, half.y, half.z)
                .position(Pose::from_parts(to_metres(*center), rotation))
        }
        Solid::Hull { points } => {
            let origin = points[0];
            let local: Vec<Vector> = points.iter().map(|&point| to_metres(minus(point, origin))).collect();
            ColliderBuilder::convex_hull(&local)?.translation(to_metres(origin))
        }
    };
    Some(builder.build())
}

fn minus(a: Vec3Mm, b: Vec3Mm) -> Vec3Mm {
    Vec3Mm::new(a.x - b.x, a.y - b.y, a.z - b.z)
}

fn raised(at: Vec3Mm, by_mm: i32) -> Vec3Mm {
    Vec3Mm::new(at.x, at.y + by_mm, at.z)
}

fn to_metres(at: Vec3Mm) -> Vector {
    Vector::new(at.x as f32 / 1_000.0, at.y as f32 / 1_000.0, at.z as f32 / 1_000.0)
}

fn turn_to_radians(turn: u16) -> f32 {
    f32::from(turn) * (std::f32::consts::TAU / 65_536.0)
}
