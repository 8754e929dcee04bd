//! Rules and maps at the limits of what the loaders let through, and what is claimed there, all drawn by genes.

use std::fmt::Write as _;
use std::sync::Arc;

use combat_components::limits::PLAYERS_MAX;
use combat_components::map::Map;
use combat_components::quantity::Vec3Mm;
use combat_components::rules::Ruleset;
use combat_components::rules::load::RADII_PER_S_MAX;
use combat_components::setup::SimLimits;
use combat_components::streams::Stream;
use combat_components::tick::TickRate;
use combat_systems::sim::SimParts;
use combat_systems::spatial::Level;

const GENES: usize = 24;

/// Every choice of a scene as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Genes(pub [u16; GENES]);

/// What may stand along the lane that all bodies run.
#[derive(Clone, Copy)]
enum Kind {
    /// A bar as long as the lane.
    Bar,
    /// A prism of so many corners at either end, up to 40 m long.
    Prism(i32),
    CratesInARow,
    /// A wall that stands aslant, or a pillar.
    Aslant,
    /// Level, or coming down.
    Ceiling,
    CratesRoundAbout,
}

/// Where a solid's edge is: near the round head of the bodies or their round feet.
struct Edge {
    /// From the middle of the lane, away from it towards `side`.
    near: i32,
    side: i32,
    y: i32,
    /// Where the solid is from there: above or below.
    up: i32,
}

impl Genes {
    pub fn drawn(stream: &mut Stream) -> Self {
        Self([(); GENES].map(|()| stream.draw() as u16))
    }

    fn of<T: Copy>(&self, gene: usize, choices: &[T]) -> T {
        choices[(usize::from(self.0[gene]) * choices.len()) >> 16]
    }

    /// From `low` to `high`.
    fn between(&self, gene: usize, low: i32, high: i32) -> i32 {
        low + ((i64::from(high - low + 1) * i64::from(self.0[gene])) >> 16) as i32
    }

    pub fn radius_mm(&self) -> i32 {
        self.of(0, &[100, 100, 100, 150, 350, 1_000])
    }

    pub fn height_mm(&self) -> i32 {
        let least = 2 * self.radius_mm() + 1;
        self.of(1, &[least, 4 * self.radius_mm(), least.max(1_800), 4_000])
    }

    pub fn speed_mm_per_s(&self) -> i32 {
        let most = RADII_PER_S_MAX * self.radius_mm();
        let fast = most * 97 / 100;
        self.of(2, &[6_500, fast, fast, most * 71 / 100, most / 10]).min(50_000)
    }

    pub fn hz(&self) -> u32 {
        self.of(5, &[16, 128, 128])
    }

    fn rate(&self) -> TickRate {
        TickRate::new(self.hz()).expect("it is one of the rates")
    }

    pub fn runs_up(&self) -> bool {
        self.of(13, &[false, true])
    }

    /// Whether a claim is judged over every time from none to the whole bank.
    pub fn is_rested(&self) -> bool {
        self.of(14, &[false, true])
    }

    fn rules(&self) -> String {
        let (radius, height, speed) = (self.radius_mm(), self.height_mm(), self.speed_mm_per_s());
        let (most, run) = (i64::from(RADII_PER_S_MAX * radius), i64::from(speed));
        let most = (most * most - run * run).isqrt().min(60_000) as i32;
        let acceleration = self.of(3, &[1_000, 80_000, 1_000_000, 1_000_000]);
        let gravity = self.of(4, &[1_000, 20_000, 100_000]);
        let terminal = self.of(6, &[most, most, 1_000]);
        let jump = self.of(7, &[0, 20_000, 20_000]).min(terminal);
        let step = self.of(8, &[0, radius]);
        format!(
            "name = \"forged\"\nversion = 1\n\
             [body]\nradius_mm = {radius}\nheight_mm = {height}\neye_height_mm = {height}\nhead_radius_mm = {}\n\
             health_points = 100\narmour_points = 0\narmour_absorbs_percent = 0\n\
             [movement]\nspeed_mm_per_s = {speed}\nacceleration_mm_per_s2 = {acceleration}\njump_speed_mm_per_s = {jump}\n\
             gravity_mm_per_s2 = {gravity}\nterminal_speed_mm_per_s = {terminal}\nstep_height_mm = {step}\n\
             [[weapon]]\nname = \"rifle\"\ndamage_points = 1\nhead_percent = 100\nreach_mm = 1000\nfalloff_from_mm = 100\n\
             falloff_to_mm = 200\nfalloff_percent = 60\nspread_turn = 0\nmagazine_rounds = 30\nfire_interval_ms = 100\n\
             reload_ms = 1000\ndraw_ms = 400\n\
             [match]\nwarmup_ms = 600000\ntime_limit_ms = 7200000\nscore_limit = 0\nrespawn_ms = 3000\nfriendly_fire = false\n",
            height / 2,
        )
    }

    /// With so many solids along its lane, or rows of them.
    fn map(&self, count: i32) -> String {
        use Kind::{Aslant, Bar, Ceiling, CratesInARow, CratesRoundAbout, Prism};
        let mut text = format!(
            "id = \"forged\"\nname = \"Forged\"\nmax_players = {PLAYERS_MAX}\n\
             [bounds]\nmin_mm = [-200000, -200000, -200000]\nmax_mm = [200000, 200000, 200000]\n"
        );
        let apart = 2 * self.radius_mm() + 20;
        let half = PLAYERS_MAX as i32 * apart / 2;
        let floor = self.of(9, &[300_000, 300_000, 2 * half + apart]);
        text += &cuboid([0, -500, 0], [floor, 1_000, 300_000]);
        let mut stream = Stream::of(u64::from(self.0[10]), 1);
        let kinds: &[Kind] = self.of(
            11,
            &[
                &[Bar][..],
                &[Bar],
                &[Prism(32)],
                &[Prism(8)],
                &[CratesInARow],
                &[Aslant],
                &[Bar, Prism(32)],
                &[Bar, Aslant],
                &[Bar, Ceiling],
                &[Ceiling],
                &[CratesRoundAbout],
            ],
        );
        for _ in 0..count {
            let kind = kinds[stream.below(kinds.len() as u32) as usize];
            let edge = self.edge(&mut stream);
            text += &solid(kind, &edge, (self.radius_mm(), self.height_mm()), &mut stream);
        }
        for place in 0..PLAYERS_MAX as i32 {
            let _ = writeln!(text, "[[spawn]]\nat_mm = [{}, 0, 0]\nyaw_deg = 0", place * apart - half);
        }
        text
    }

    fn edge(&self, stream: &mut Stream) -> Edge {
        let radius = self.radius_mm();
        let spread = self.between(19, 0, 300) as u32;
        let near = radius * (self.between(20, 600, 1_600) + stream.below(spread + 1) as i32) / 1_000;
        let side = if stream.below(2) == 0 || self.of(21, &[true, false]) { 1 } else { -1 };
        let is_high = self.of(22, &[true, true, false]) || stream.below(2) == 0;
        let (y, up) = if is_high { (self.height_mm() - radius + near, 1) } else { (radius - near, -1) };
        Edge { near, side, y, up }
    }

    /// The way that is refused, by its points as seen from where a body stands, and after how many ticks: all of a bank.
    pub fn way(&self) -> (Vec<Vec3Mm>, u32) {
        let rate = self.rate();
        let limits = SimLimits::at(rate);
        let bank = rate.ticks_in_ms(limits.bank_ms) + rate.hz().div_ceil(limits.claim_hz);
        let reach = self.speed_mm_per_s() * bank as i32 / rate.hz() as i32;
        let far = reach * self.of(15, &[100, 95, 75, 50, 25, 100, 95, 100]) / 100;
        let x = if self.of(16, &[true, false]) { far } else { -far };
        let y = self.of(17, &[0, 0, -5, -50, 300, -1_000, -far / 2, -far, -reach]);
        let z = if self.of(18, &[false, false, true]) { self.between(23, -60, 60) } else { 0 };
        let bends = i32::from(self.0[18] % 5);
        let bend = |bend: i32| {
            let share = bend * 1_000 / (bends + 1);
            let down = if self.0[23].is_multiple_of(2) { 0 } else { y * share / 1_000 };
            Vec3Mm::new(x / 1_000 * share, down, z)
        };
        ((1..=bends).map(bend).chain([Vec3Mm::new(x, y, z)]).collect(), bank)
    }

    /// With as many solids as the loader takes; `None` when the loaders refuse such a map or such rules.
    pub fn parts(&self, parts: &SimParts) -> Option<SimParts> {
        let ruleset = parts.kinds.ruleset("forged.toml", &self.rules()).ok()?;
        let load = |count| Map::parse("forged.toml", &self.map(count)).ok();
        let most = self.between(12, 2, 40);
        if let Some(map) = load(most) {
            return self.on(map, ruleset, parts);
        }
        let (mut taken, mut refused) = ((0, load(0)?), most);
        while taken.0 + 1 < refused {
            let count = taken.0 + (refused - taken.0) / 2;
            match load(count) {
                Some(map) => taken = (count, map),
                None => refused = count,
            }
        }
        self.on(taken.1, ruleset, parts)
    }

    fn on(&self, map: Map, ruleset: Ruleset, parts: &SimParts) -> Option<SimParts> {
        let level = Level::build(&map, &ruleset.body).ok()?;
        let (ruleset, map, level) = (Arc::new(ruleset), Arc::new(map), Arc::new(level));
        let mut parts = SimParts { ruleset, map, level, ..parts.clone() };
        parts.setup.max_players = PLAYERS_MAX as u8;
        parts.setup.tick_rate = self.rate();
        parts.setup.limits = SimLimits::at(parts.setup.tick_rate);
        Some(parts)
    }
}

fn solid(kind: Kind, edge: &Edge, (radius, height): (i32, i32), stream: &mut Stream) -> String {
    let Edge { near, side, y, up } = *edge;
    match kind {
        Kind::Bar => cuboid([0, y + up * 1_000, side * (near + 1_000)], [200_000, 2_000, 2_000]),
        Kind::Prism(corners) => {
            let half = if corners > 8 { 20_000 } else { 19_000 };
            let corner = |corner: i32| {
                let (sin, cos) = (std::f64::consts::TAU * f64::from(corner) / f64::from(corners)).sin_cos();
                let (z, above) = ((1_000.0 * cos) as i32, (1_000.0 * sin) as i32);
                let (z, above) = (side * (near + 707) + z, y + up * 707 + above);
                [[-half, above, z], [half, above, z]]
            };
            hull(&(0..corners).flat_map(corner).collect::<Vec<_>>())
        }
        Kind::CratesInARow => (-12..12)
            .map(|place| place * (2 * radius + stream.below(1_000) as i32))
            .map(|x| cuboid([x, y + up * 10, side * (near + 10)], [20, 20, 20]))
            .collect(),
        Kind::Aslant => {
            let x = stream.below(20_000) as i32 - 10_000;
            let length = [100, 2_000, 20_000][stream.below(3) as usize];
            let yaw = [45, 45, 10, 80][stream.below(4) as usize];
            cuboid([x, 2_000, side * (near + length * 707 / 2_000)], [length, 4_000, 20])
                + &format!("yaw_deg = {yaw}\n")
        }
        Kind::Ceiling => {
            let (fall, over) = ([0, 100, 300, 900][stream.below(4) as usize], stream.below(60) as i32);
            let corner = |(x, z)| {
                let low = height + over + (19_000 - x) * fall / 1_000;
                [[x, low, z], [x, low + 2_000, z]]
            };
            let corners = [(-19_000, -500), (19_000, -500), (-19_000, 500), (19_000, 500)];
            hull(&corners.into_iter().flat_map(corner).collect::<Vec<_>>())
        }
        Kind::CratesRoundAbout => (0..64)
            .map(|place| {
                [place % 8 * 250 - 1_000, y + up * 10 + stream.below(3_000) as i32, place / 8 * 250 - 1_000]
            })
            .map(|center| cuboid(center, [20, 20, 20]))
            .collect(),
    }
}

fn cuboid(center: [i32; 3], size: [i32; 3]) -> String {
    format!("[[cuboid]]\ncenter_mm = {center:?}\nsize_mm = {size:?}\n")
}

fn hull(points: &[[i32; 3]]) -> String {
    format!("[[hull]]\npoints_mm = {points:?}\n")
}
