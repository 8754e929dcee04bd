//! `combat config`: the settings in effect.

use clap::Args;
use serde_json::{Map, Value};

use super::{Exit, print};
use crate::config::{Config, Settings, Shown};

#[derive(Args)]
pub struct ConfigArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(args: ConfigArgs) -> anyhow::Result<Exit> {
    let shown = Config::from_settings(args.settings)?.shown();
    if args.json {
        let object: Map<_, _> =
            shown.into_iter().map(|Shown { name, value }| (name.to_owned(), Value::String(value))).collect();
        print(&format!("{:#}\n", Value::Object(object)))?;
    } else {
        let lines = shown.into_iter().map(|Shown { name, value }| format!("{name}={value}\n"));
        print(&lines.collect::<String>())?;
    }
    Ok(Exit::Good)
}
