//! What README, docs and page print to be copied: commands that start, and the lines that a studio's manifest needs.

use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn names_in(folder: &str, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(Path::new(ROOT).join(folder)).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    names.filter(|name| name.ends_with(ending)).map(|name| format!("{folder}/{name}")).collect()
}

/// Lines of fenced code, and what stands between single backticks outside of it.
fn code_of(page: &str) -> Vec<&str> {
    let mut code = Vec::new();
    for (number, block) in page.split("\n```").enumerate() {
        match number % 2 {
            0 => code.extend(block.split('`').skip(1).step_by(2)),
            _ => code.extend(block.lines().skip(1)),
        }
    }
    code
}

/// Starts a server; `combat serve` alone is the name of a verb.
fn starts_a_server(code: &str) -> bool {
    let words: Vec<&str> = code.split_whitespace().collect();
    let is_start = |pair: &[&str]| pair[1] == "serve" && (pair[0].ends_with("combat") || pair[0] == "--");
    words.windows(2).any(is_start) && !words.contains(&"--help") && code != "combat serve"
}

#[test]
fn every_command_that_starts_a_server_is_told_of_a_secret_and_of_folders_that_are_there() {
    let mut commands = Vec::new();
    let pages = ["README.md", "CONTRIBUTING.md"].map(str::to_owned);
    for page in pages.into_iter().chain(names_in("docs", ".md")) {
        let text = read(&page);
        let starts = code_of(&text).into_iter().filter(|code| starts_a_server(code));
        commands.extend(starts.map(|code| (page.clone(), code.to_owned())));
    }
    for script in names_in("web", ".js") {
        let text = read(&script);
        let starts = text.split('"').filter(|code| starts_a_server(code));
        commands.extend(starts.map(|code| (script.clone(), code.to_owned())));
    }
    assert!(commands.len() >= 3, "{commands:?}");
    for (page, command) in commands {
        let has = |setting: &str| command.split_whitespace().any(|word| word.starts_with(setting));
        assert!(has("ENVIRONMENT=development") || has("JWT_SECRET="), "{page}: {command}");
        let folders = command.split_whitespace().filter_map(|word| word.strip_prefix("RULES_DIR="));
        folders.for_each(|folder| assert!(Path::new(ROOT).join(folder).is_dir(), "{page}: {command}"));
    }
}

/// Cargo reads profiles of the root manifest only: a studio's crate builds another simulation without these.
#[test]
fn the_profile_lines_that_a_studio_copies_are_those_of_this_repository() {
    let page = read("CONTRIBUTING.md");
    let (_, fenced) = page.split_once("```toml\n").expect("lines to copy");
    let (lines, _) = fenced.split_once("```").expect("an end");
    let table = |text: &str| text.parse::<toml::Table>().expect("TOML");
    assert_eq!(table(lines)["profile"], table(&read("Cargo.toml"))["profile"]);
}
