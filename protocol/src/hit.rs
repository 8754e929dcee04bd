//! What an attack did to its victim: fields of a verdict that are all given or all nil.

use combat_components::verdict::Zone;

use crate::codec::describe::FieldRow;
use crate::codec::error::DecodeError;
use crate::codec::field::Field;
use crate::codec::form::{Form, Spread};
use crate::codec::sink::Sink;
use crate::codec::source::Source;

/// What an attack did to its victim, in thousandths of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictHit {
    pub victim: u32,
    pub zone: Zone,
    pub amount_milli: i32,
    pub remaining_health_milli: i32,
    pub killed: bool,
}

const NAMES: [&str; 5] = ["victim", "zone", "amountMilli", "remainingHealthMilli", "killed"];

impl Form<Option<VerdictHit>> for Spread {
    type Names = ();
    const ARITY: usize = NAMES.len();

    #[inline]
    fn write(hit: &Option<VerdictHit>, sink: &mut impl Sink, (): ()) {
        let [victim, zone, amount_milli, remaining_health_milli, killed] = NAMES;
        let hit = hit.as_ref();
        hit.map(|hit| hit.victim).write(sink, victim);
        hit.map(|hit| hit.zone).write(sink, zone);
        hit.map(|hit| hit.amount_milli).write(sink, amount_milli);
        hit.map(|hit| hit.remaining_health_milli).write(sink, remaining_health_milli);
        hit.is_some_and(|hit| hit.killed).write(sink, killed);
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, (): ()) -> Result<Option<VerdictHit>, DecodeError> {
        let [victim, zone, amount_milli, remaining_health_milli, killed] = NAMES;
        let (victim, zone) = (Field::read(source, victim)?, Field::read(source, zone)?);
        let amount_milli = Field::read(source, amount_milli)?;
        let remaining_health_milli = Field::read(source, remaining_health_milli)?;
        let killed = bool::read(source, killed)?;
        match (victim, zone, amount_milli, remaining_health_milli) {
            (Some(victim), Some(zone), Some(amount_milli), Some(remaining_health_milli)) => {
                Ok(Some(VerdictHit { victim, zone, amount_milli, remaining_health_milli, killed }))
            }
            (None, None, None, None) if !killed => Ok(None),
            _ => {
                let expected = "victim, zone, amountMilli and remainingHealthMilli all given or all nil";
                Err(DecodeError::Contradiction { what: "verdict", expected })
            }
        }
    }

    fn describe((): (), _meaning: &'static str) -> Vec<FieldRow> {
        let shapes = [
            (
                Option::<u32>::shape(),
                "`simId` of whom the attack struck; nil when it struck nobody, as the next three",
            ),
            (Option::<Zone>::shape(), "where"),
            (
                Option::<i32>::shape(),
                "thousandths of a point that health and armour lost, no overkill; 0 when another's shot of the same tick had killed him",
            ),
            (Option::<i32>::shape(), "thousandths of a point of health that are left"),
            (bool::shape(), "whether he died of it"),
        ];
        let row = |(name, (shape, meaning))| FieldRow { name, shape, meaning };
        NAMES.into_iter().zip(shapes).map(row).collect()
    }
}
