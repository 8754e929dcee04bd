//! What some tiers need from outside: Python packages, a browser driver, a browser, valgrind. Installed under the target
//! directory, or from the distribution's packages.
//!
//! Each gives the path of the tool, or why it cannot be had. The commands' output goes to the tier's log.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::Bed;

/// A tool, or why it is not there.
pub type Found = std::result::Result<PathBuf, String>;

/// What `examples/bot.py` may import.
const PYTHON_PACKAGES: &[&str] = &["websockets>=15,<18", "msgpack>=1,<2", "requests>=2,<3"];
const PYTHON_IMPORTS: &str = "import websockets, msgpack, requests";
const PLAYWRIGHT: &str = "playwright-core@1";
const CHROMIUM_NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// A Python with the packages of the example bot, in `target/venv`.
pub fn python(bed: &Bed, log: &mut File) -> Result<Found> {
    let venv = bed.target.join("venv");
    let python = venv.join("bin/python");
    if succeeds(log, Command::new(&python).args(["-c", PYTHON_IMPORTS]))? {
        return Ok(Ok(python));
    }
    if !succeeds(log, Command::new("python3").args(["-m", "venv"]).arg(&venv))? {
        return Ok(Err("python3 -m venv failed, needs Python 3 with venv".to_owned()));
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PYTHON_PACKAGES);
    let installed =
        succeeds(log, &mut install)? && succeeds(log, Command::new(&python).args(["-c", PYTHON_IMPORTS]))?;
    Ok(if installed {
        Ok(python)
    } else {
        Err(format!("pip could not install {}", PYTHON_PACKAGES.join(", ")))
    })
}

/// A directory whose `node_modules` holds `playwright-core`, in `target/page-tools`.
pub fn page_tools(bed: &Bed, log: &mut File) -> Result<Found> {
    if !succeeds(log, Command::new("node").arg("--version"))? {
        return Ok(Err("node is not installed".to_owned()));
    }
    let directory = bed.target.join("page-tools");
    if directory.join("node_modules/playwright-core/package.json").is_file() {
        return Ok(Ok(directory));
    }
    fs::create_dir_all(&directory)?;
    fs::write(directory.join("package.json"), "{\"name\": \"page-tools\", \"private\": true}\n")?;
    let mut install = Command::new("npm");
    install
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", PLAYWRIGHT])
        .current_dir(&directory);
    Ok(if succeeds(log, &mut install)? {
        Ok(directory)
    } else {
        Err(format!("npm could not install {PLAYWRIGHT}"))
    })
}

/// A Chromium: the one `CHROMIUM` names, one on the path, or in CI as root the distribution's own.
pub fn chromium(bed: &Bed, log: &mut File) -> Result<Found> {
    if let Some(named) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        let why = format!("CHROMIUM names {}, which is not there", named.display());
        return Ok(if named.is_file() { Ok(named) } else { Err(why) });
    }
    if let Some(found) = on_path(CHROMIUM_NAMES) {
        return Ok(Ok(found));
    }
    if !bed.ci || !is_root() {
        return Ok(Err("no chromium: install it or set CHROMIUM to its path".to_owned()));
    }
    from_the_distribution(log, "chromium", CHROMIUM_NAMES)
}

/// A valgrind: one on the path, or as root the distribution's own.
pub fn valgrind(log: &mut File) -> Result<Found> {
    if let Some(found) = on_path(&["valgrind"]) {
        return Ok(Ok(found));
    }
    if !is_root() {
        return Ok(Err("no valgrind: install it with your distribution's package manager".to_owned()));
    }
    from_the_distribution(log, "valgrind", &["valgrind"])
}

fn from_the_distribution(log: &mut File, package: &str, names: &[&str]) -> Result<Found> {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    let installed = succeeds(log, &mut apt(&["update"]))?
        && succeeds(log, &mut apt(&["install", "-y", "--no-install-recommends", package]))?;
    let found = if installed { on_path(names) } else { None };
    Ok(found.ok_or_else(|| format!("apt-get could not install {package}")))
}

fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| directories.iter().map(move |directory| directory.join(name)))
        .find(|file| file.is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn succeeds(log: &mut File, command: &mut Command) -> Result<bool> {
    writeln!(log, "$ {}", Path::new(command.get_program()).display())?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
    match command.status() {
        Ok(status) => Ok(status.success()),
        Err(error) => {
            writeln!(log, "could not be started: {error}")?;
            Ok(false)
        }
    }
}
