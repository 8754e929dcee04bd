//! Instruments for verifiers and tests: none of them is part of a tick.

mod failing_phase;
mod order;
mod perturb;
