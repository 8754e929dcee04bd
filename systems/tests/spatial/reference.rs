//! The reference: distances from a body's axis to solids, by f64 arithmetic of its own and no tree.

use combat_components::map::{Map, Solid, hull};
use combat_components::quantity::Vec3Mm;
use combat_components::rules::BodyRules;

type Point = [f64; 3];

/// A map prepared for measuring.
pub struct Reference {
    solids: Vec<Measured>,
    radius_mm: f64,
    height_mm: f64,
}

/// A solid in an axis-aligned box, so that far ones need no measuring.
struct Measured {
    low: Point,
    high: Point,
    shape: Shape,
}

enum Shape {
    Cuboid { center: Point, half: Point, sin: f64, cos: f64 },
    Hull { planes: Vec<(Point, f64)>, corners: Vec<Point> },
}

impl Reference {
    pub fn new(map: &Map, body: &BodyRules) -> Self {
        Self {
            solids: map.solids.iter().map(Measured::new).collect(),
            radius_mm: f64::from(body.radius_mm),
            height_mm: f64::from(body.height_mm),
        }
    }

    /// Millimetres from the surface of the body (without skin) to the nearest solid, negative inside; 1,000 for
    /// anything further away.
    pub fn clearance_mm(&self, feet: Vec3Mm) -> f64 {
        let [x, y, z] = point(feet);
        let (low, high) = (y + self.radius_mm, y + self.height_mm - self.radius_mm);
        let reach = self.radius_mm + 1_000.0;
        let near = self.solids.iter().filter(|solid| solid.is_near([x, low, z], [x, high, z], reach));
        near.map(|solid| solid.axis_distance_mm([x, z], low, high) - self.radius_mm).fold(1_000.0, f64::min)
    }

    /// Whether the straight way of the body's axis from `from` to `to`, sampled, enters solid.
    pub fn axis_meets_solid(&self, from: Vec3Mm, to: Vec3Mm) -> bool {
        let (from, to) = (point(from), point(to));
        (0..=48).any(|index| {
            let at = lerp(from, to, f64::from(index) / 48.0);
            let (low, high) = (at[1] + self.radius_mm, at[1] + self.height_mm - self.radius_mm);
            self.solids
                .iter()
                .filter(|solid| solid.is_near([at[0], low, at[2]], [at[0], high, at[2]], 0.0))
                .any(|solid| solid.axis_distance_mm([at[0], at[2]], low, high) <= 0.0)
        })
    }

    /// From a point to the nearest solid; 0 inside, 1,000 for anything further away.
    pub fn point_distance_mm(&self, at: Point) -> f64 {
        let near = self.solids.iter().filter(|solid| solid.is_near(at, at, 1_000.0));
        near.map(|solid| solid.shape.distance_mm(at)).fold(1_000.0, f64::min)
    }
}

impl Measured {
    fn new(solid: &Solid) -> Self {
        match solid {
            Solid::Cuboid { center, size, yaw } => {
                let half = point(*size).map(|edge| edge / 2.0);
                let (sin, cos) = libm::sincos(f64::from(yaw.0) / 65_536.0 * std::f64::consts::TAU);
                let center = point(*center);
                let wide = half[0] + half[2];
                let reach = [wide, half[1], wide];
                Self {
                    low: lerp_by(center, reach, -1.0),
                    high: lerp_by(center, reach, 1.0),
                    shape: Shape::Cuboid { center, half, sin, cos },
                }
            }
            Solid::Hull { points } => {
                let corners: Vec<Point> = points.iter().copied().map(point).collect();
                let bound = |pick: fn(f64, f64) -> f64| {
                    [0, 1, 2].map(|axis| {
                        corners.iter().map(|corner| corner[axis]).reduce(pick).expect("not empty")
                    })
                };
                let unit = |face: hull::HullFace| {
                    let normal = face.normal.map(|part| part as f64);
                    let size = length(normal);
                    (normal.map(|part| part / size), face.offset as f64 / size)
                };
                let planes = hull::faces(points).expect("a valid hull").into_iter().map(unit).collect();
                Self { low: bound(f64::min), high: bound(f64::max), shape: Shape::Hull { planes, corners } }
            }
        }
    }

    fn is_near(&self, low: Point, high: Point, reach: f64) -> bool {
        (0..3).all(|axis| low[axis] <= self.high[axis] + reach && high[axis] >= self.low[axis] - reach)
    }

    /// From a vertical segment; the distance along it is convex, so a ternary search finds the least.
    fn axis_distance_mm(&self, [x, z]: [f64; 2], mut low: f64, mut high: f64) -> f64 {
        for _ in 0..48 {
            let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if self.shape.distance_mm([x, a, z]) <= self.shape.distance_mm([x, b, z]) {
                high = b
            } else {
                low = a
            }
        }
        self.shape.distance_mm([x, low, z]).min(self.shape.distance_mm([x, high, z]))
    }
}

impl Shape {
    fn distance_mm(&self, at: Point) -> f64 {
        match self {
            Self::Cuboid { center, half, sin, cos } => {
                let (x, z) = (at[0] - center[0], at[2] - center[2]);
                let local = [x * cos - z * sin, at[1] - center[1], x * sin + z * cos];
                length([0, 1, 2].map(|axis| (local[axis].abs() - half[axis]).max(0.0)))
            }
            Self::Hull { planes, corners } => hull_distance_mm(planes, corners, at),
        }
    }
}

/// Projects onto every face's plane, every edge and every corner; the nearest of those inside the hull counts.
fn hull_distance_mm(planes: &[(Point, f64)], corners: &[Point], at: Point) -> f64 {
    let excess = |at: Point| planes.iter().map(|(n, o)| dot(*n, at) - o).fold(f64::NEG_INFINITY, f64::max);
    if excess(at) <= 0.0 {
        return 0.0;
    }
    let on_faces = planes.iter().map(|(normal, offset)| lerp_by(at, *normal, offset - dot(*normal, at)));
    let on_edges = corners.iter().enumerate().flat_map(|(index, &a)| {
        corners[index + 1..].iter().map(move |&b| {
            let along = lerp_by(b, a, -1.0);
            let t = dot(lerp_by(at, a, -1.0), along) / dot(along, along);
            lerp_by(a, along, t.clamp(0.0, 1.0))
        })
    });
    on_faces
        .chain(on_edges)
        .filter(|&candidate| excess(candidate) <= 1e-6)
        .map(|candidate| length(lerp_by(candidate, at, -1.0)))
        .fold(f64::INFINITY, f64::min)
}

fn point(at: Vec3Mm) -> Point {
    [at.x, at.y, at.z].map(f64::from)
}

fn lerp(from: Point, to: Point, t: f64) -> Point {
    [0, 1, 2].map(|axis| from[axis] + (to[axis] - from[axis]) * t)
}

fn lerp_by(from: Point, along: Point, t: f64) -> Point {
    [0, 1, 2].map(|axis| from[axis] + along[axis] * t)
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn length(a: Point) -> f64 {
    dot(a, a).sqrt()
}
