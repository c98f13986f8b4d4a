//! What must never happen? The "Never" list of `docs/architecture.md`, read off the sources.
//!
//! The crates and what each may use come from the table in that page, so page and code cannot
//! disagree. Only the standard library is used: this test needs none of the crates that it judges.
//! Comments, strings, `#[cfg(test)]` modules, `tests/`, `examples/` and build scripts are not looked
//! at, except where a rule says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, tests left out: one idea per file, and a screen or two more where it is a list.
const FILE_LINES_MAX: usize = 450;

/// Longer files, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Crates whose functions go from values to values.
const PURE: [&str; 4] = ["model", "decode", "analysis", "redact"];

/// What reaches outside of the process.
const INPUT_OUTPUT: [&str; 10] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "File::",
    "OpenOptions",
    "stdin()",
    "tokio",
    "object_store",
    "reqwest",
];

/// What gives another answer each time.
const CLOCKS: [&str; 4] = ["SystemTime", "Instant::now", "Utc::now", "Local::now"];

/// What prints, exits or reads the environment.
const TERMINAL: [&str; 14] = [
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "dbg!",
    "stdout()",
    "stderr()",
    "process::exit",
    "process::abort",
    "std::env",
    "env::var",
    "env::vars",
    "env::args",
    "env::current_dir",
];

/// Crates that only tests use: no other may depend on them but for its tests.
const TEST_ONLY: [&str; 2] = ["testkit", "testbucket"];

/// A library, the only crates that may depend on it, and why.
const KEPT_TO: &[(&str, &[&str], &str)] = &[
    ("deltalake-core", &["store"], "only store knows Delta"),
    ("s3s", &["testbucket"], "only tests have a server of their own"),
    ("s3s-fs", &["testbucket"], "only tests have a server of their own"),
    ("hyper", &["testbucket"], "only tests have a server of their own"),
    ("deltalake", &[], "deltalake-core without its SQL engine is what store uses"),
    ("datafusion", &["query"], "only query makes an SQL session"),
    ("plotters", &["report"], "only report knows charts"),
    ("resvg", &["report"], "only report knows charts"),
    ("minijinja", &["report"], "only report knows templates"),
    ("clap", &["cli"], "only the command line knows flags"),
    ("figment", &["cli"], "only the command line reads configuration"),
    ("indicatif", &["cli"], "only the command line prints"),
    ("comfy-table", &["cli"], "only the command line prints"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above tests/").to_owned()
}

fn read(path: &Path) -> String {
    let text = fs::read_to_string(path);
    assert!(text.is_ok(), "{}: {text:?}", path.display());
    text.unwrap_or_default()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
}

/// All files below a folder, in order, without hidden folders and build output.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != ".git" && name != ".fupan" {
            found.extend(files_below(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}

/// What is left of Rust text; everything else becomes blank, and line ends stay where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Code,
    CodeAndStrings,
}

fn stripped(text: &str, keep: Keep) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut index = 0;
    while index < chars.len() {
        let (end, is_kept) = match (at(index), at(index + 1)) {
            ('/', '/') => (line_end(&chars, index), false),
            ('/', '*') => (comment_end(&chars, index), false),
            ('"', _) => (string_end(&chars, index), keep == Keep::CodeAndStrings),
            ('r', '"' | '#') if !is_word(at(index.wrapping_sub(1))) || at(index.wrapping_sub(1)) == 'b' => {
                (raw_string_end(&chars, index), keep == Keep::CodeAndStrings)
            }
            ('\'', _) => (character_end(&chars, index), keep == Keep::CodeAndStrings),
            _ => (index + 1, true),
        };
        for letter in chars.get(index..end).unwrap_or_default() {
            out.push(if is_kept || *letter == '\n' { *letter } else { ' ' });
        }
        index = end;
    }
    out
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn line_end(chars: &[char], from: usize) -> usize {
    chars.iter().skip(from).position(|letter| *letter == '\n').map_or(chars.len(), |length| from + length)
}

fn comment_end(chars: &[char], from: usize) -> usize {
    let (mut depth, mut index) = (0, from);
    while index < chars.len() {
        match (chars[index], chars.get(index + 1)) {
            ('/', Some('*')) => (depth, index) = (depth + 1, index + 2),
            ('*', Some('/')) => (depth, index) = (depth - 1, index + 2),
            _ => index += 1,
        }
        if depth == 0 {
            break;
        }
    }
    index.min(chars.len())
}

fn string_end(chars: &[char], from: usize) -> usize {
    let mut index = from + 1;
    while index < chars.len() {
        match chars[index] {
            '\\' => index += 2,
            '"' => return index + 1,
            _ => index += 1,
        }
    }
    chars.len()
}

/// `r#"…"#` with any number of `#`; an `r#name` is a name and one character long here.
fn raw_string_end(chars: &[char], from: usize) -> usize {
    let hashes = chars.iter().skip(from + 1).take_while(|letter| **letter == '#').count();
    if chars.get(from + 1 + hashes) != Some(&'"') {
        return from + 1;
    }
    let mut index = from + 2 + hashes;
    while index < chars.len() {
        let closing = chars.iter().skip(index + 1).take(hashes).filter(|letter| **letter == '#').count();
        if chars[index] == '"' && closing == hashes {
            return index + 1 + hashes;
        }
        index += 1;
    }
    chars.len()
}

/// The end of `'x'` or `'\n'`; a lifetime is one character long here.
fn character_end(chars: &[char], from: usize) -> usize {
    if chars.get(from + 1) == Some(&'\\') {
        let length = chars.iter().skip(from + 3).take(10).position(|letter| *letter == '\'');
        return length.map_or(from + 1, |length| from + 4 + length);
    }
    if chars.get(from + 2) == Some(&'\'') { from + 3 } else { from + 1 }
}

const TEST_ATTRIBUTE: &str = "#[cfg(test)]";

/// Where `#[cfg(test)]` items begin and end, in bytes of stripped text; and the test modules that
/// have a file of their own.
fn test_items(code: &str) -> (Vec<(usize, usize)>, Vec<String>) {
    let (mut spans, mut modules, mut from) = (Vec::new(), Vec::new(), 0);
    while let Some(found) = code.get(from..).and_then(|rest| rest.find(TEST_ATTRIBUTE)) {
        let start = from + found;
        let (mut depth, mut end) = (0_usize, code.len());
        for (offset, letter) in code[start + TEST_ATTRIBUTE.len()..].char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 && matches!(letter, '}' | ';') {
                end = start + TEST_ATTRIBUTE.len() + offset + 1;
                break;
            }
        }
        let item = code.get(start + TEST_ATTRIBUTE.len()..end).unwrap_or_default();
        let words: Vec<&str> = item.split_whitespace().collect();
        if let Some(name) = words.iter().position(|word| *word == "mod").and_then(|word| words.get(word + 1))
            && let Some(name) = name.strip_suffix(';')
        {
            modules.push(name.to_owned());
        }
        spans.push((start, end));
        from = end;
    }
    (spans, modules)
}

/// Code without test items, line for line.
fn product_code(text: &str, keep: Keep) -> String {
    let (spans, _) = test_items(&stripped(text, Keep::Code));
    let kept = stripped(text, keep);
    // Both forms have the same characters in the same places, though not the same bytes.
    let code = stripped(text, Keep::Code);
    let cut: BTreeSet<usize> = spans
        .iter()
        .flat_map(|(start, end)| {
            let first = code[..*start].chars().count();
            first..first + code[*start..*end].chars().count()
        })
        .collect();
    kept.chars()
        .enumerate()
        .map(|(place, letter)| if cut.contains(&place) && letter != '\n' { ' ' } else { letter })
        .collect()
}

fn lines_without_tests(text: &str) -> usize {
    let code = stripped(text, Keep::Code);
    let in_tests: usize =
        test_items(&code).0.iter().map(|(start, end)| code[*start..*end].lines().count()).sum();
    text.lines().count().saturating_sub(in_tests)
}

/// Lines (1-based) of the code that hold a path or a macro as a whole word, also inside `std::{…}`.
fn lines_with(code: &str, wanted: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let bounded = |before: Option<char>, after: Option<char>| {
        let starts = !wanted.starts_with(is_word) || before.is_none_or(|letter| !is_word(letter));
        let ends = !wanted.ends_with(is_word) || after.is_none_or(|letter| !is_word(letter));
        starts && ends
    };
    for (place, _) in code.match_indices(wanted) {
        let before = code[..place].chars().next_back();
        let after = code[place + wanted.len()..].chars().next();
        if bounded(before, after) {
            found.push(code[..place].lines().count().max(1));
        }
    }
    if let Some(module) = wanted.strip_prefix("std::") {
        for (place, opening) in code.match_indices("std::{") {
            let group: String =
                code[place + opening.len()..].chars().take_while(|letter| *letter != ';').collect();
            if group.split([',', '{', '}']).any(|part| part.trim().split("::").next() == Some(module)) {
                found.push(code[..place].lines().count().max(1));
            }
        }
    }
    found
}

/// The names below `[dependencies]` (and its kin for a target), or below `[dev-dependencies]`.
fn dependencies(manifest: &str, kind: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut is_inside = false;
    for line in manifest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let last = section.rsplit_once(&format!("{kind}.")).filter(|(before, _)| is_kin(before));
            found.extend(last.map(|(_, name)| name.trim_matches('"').to_owned()));
            is_inside = section.strip_suffix(kind).is_some_and(is_kin);
        } else if is_inside && let Some((name, _)) = line.split_once('=') {
            found.insert(name.split('.').next().unwrap_or(name).trim().trim_matches('"').to_owned());
        }
    }
    found
}

fn is_kin(section: &str) -> bool {
    section.is_empty() || section.starts_with("target.")
}

/// Crate → what it may use, from the rows of the table in `docs/architecture.md`.
fn may_use(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| `crates/")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (Some(first), Some(last)) = (cells.first(), cells.last()) else { continue };
        let name = first.trim_start_matches("`crates/").split('`').next().unwrap_or_default();
        let uses = last.split(',').map(str::trim).filter(|word| !word.is_empty() && *word != "–");
        found.insert(name.to_owned(), uses.map(str::to_owned).collect());
    }
    found
}

/// Crates in an order in which each uses only earlier ones; what is left over goes in a circle.
fn circle(uses: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut waiting: BTreeSet<String> = uses.keys().cloned().collect();
    loop {
        let ready: Vec<String> =
            waiting.iter().filter(|name| uses[*name].is_disjoint(&waiting)).cloned().collect();
        if ready.is_empty() {
            return waiting;
        }
        waiting.retain(|name| !ready.contains(name));
    }
}

/// A crate without code, which gives all others one set of features (decision 0003).
const FEATURES_ONLY: &str = "workspace-hack";

/// Short names of all crates below `crates/` that hold code.
fn crates() -> Vec<String> {
    let entries = fs::read_dir(root().join("crates")).expect("crates/");
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != FEATURES_ONLY)
        .collect();
    names.sort();
    names
}

fn manifest(name: &str) -> String {
    read(&root().join("crates").join(name).join("Cargo.toml"))
}

/// The sources of a crate that end up in what we ship: path and text.
fn sources(name: &str) -> Vec<(String, String)> {
    let folder = root().join("crates").join(name).join("src");
    let mut texts = Vec::new();
    let mut test_files = BTreeSet::new();
    for path in
        files_below(&folder).into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
    {
        let text = read(&path);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let parent = path.parent().unwrap_or(&folder);
        let below = if matches!(stem.as_str(), "lib" | "main" | "mod") {
            parent.to_owned()
        } else {
            parent.join(stem)
        };
        for module in test_items(&stripped(&text, Keep::Code)).1 {
            test_files.insert(below.join(format!("{module}.rs")));
        }
        texts.push((path, text));
    }
    texts.retain(|(path, _)| !test_files.contains(path));
    assert!(!texts.is_empty(), "{name} has no sources: the test looks in the wrong place");
    texts.into_iter().map(|(path, text)| (relative(&path), text)).collect()
}

/// `path:line: word` for every forbidden word in a crate's code.
fn offences(name: &str, words: &[&str], is_excepted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources(name).into_iter().filter(|(path, _)| !is_excepted(path)) {
        let code = product_code(&text, Keep::Code);
        for word in words {
            found.extend(lines_with(&code, word).into_iter().map(|line| format!("{path}:{line}: {word}")));
        }
    }
    found
}

fn assert_none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "never: {rule}\n  {}", offences.join("\n  "));
}

#[test]
fn model_decode_and_analysis_do_no_io_and_read_no_clock() {
    for name in PURE {
        let words: Vec<&str> = [&INPUT_OUTPUT[..], &CLOCKS, &TERMINAL].concat();
        assert_none("model, decode, analysis and redact do no I/O", &offences(name, &words, |_| false));
        let used = dependencies(&manifest(name), "dependencies");
        for library in
            ["tokio", "object_store", "reqwest", "parquet", "arrow", "datafusion", "deltalake-core"]
        {
            assert!(!used.contains(library), "{name} depends on {library}");
        }
    }
}

#[test]
fn report_runs_no_sql_and_touches_no_files() {
    let used = dependencies(&manifest("report"), "dependencies");
    for library in ["datafusion", "fupan-query", "fupan-store", "tokio", "object_store"] {
        assert!(!used.contains(library), "report depends on {library}");
    }
    let words: Vec<&str> = [&INPUT_OUTPUT[..], &CLOCKS].concat();
    assert_none("report is a pure function", &offences("report", &words, |_| false));
}

#[test]
fn only_store_names_a_path_inside_a_table() {
    let mut found = Vec::new();
    for name in crates().iter().filter(|name| *name != "store") {
        for (path, text) in sources(name) {
            let code = product_code(&text, Keep::CodeAndStrings);
            for word in ["_delta_log", "deltalake_core", "DeltaTable", "date={"] {
                found
                    .extend(lines_with(&code, word).into_iter().map(|line| format!("{path}:{line}: {word}")));
            }
        }
    }
    assert_none("only store names a path inside a table", &found);
}

#[test]
fn only_query_makes_an_sql_session() {
    let mut found = Vec::new();
    for name in crates().iter().filter(|name| *name != "query") {
        found.extend(offences(name, &["SessionContext", "SessionStateBuilder", "datafusion"], |_| false));
    }
    assert_none("only query makes an SQL session", &found);
}

#[test]
fn only_the_command_line_prints_exits_or_reads_the_environment() {
    for name in crates().iter().filter(|name| *name != "cli") {
        // The generator of the sample data is a program of its own.
        let found = offences(name, &TERMINAL, |path| path == "crates/testkit/src/main.rs");
        assert_none("only cli prints, exits or reads the environment", &found);
    }
}

#[test]
fn crates_depend_in_one_direction() {
    let allowed = may_use(&read(&root().join("docs/architecture.md")));
    assert_eq!(allowed.keys().cloned().collect::<Vec<_>>(), crates(), "the table of docs/architecture.md");
    assert_eq!(circle(&allowed), BTreeSet::new(), "the table of docs/architecture.md goes in a circle");
    for name in crates() {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for used in dependencies(&manifest(&name), kind) {
                let Some(ours) = used.strip_prefix("fupan-").filter(|ours| *ours != FEATURES_ONLY) else {
                    continue;
                };
                // What only tests use may be anything below, the worlds of testkit included.
                let is_of_tests = |name: &str| TEST_ONLY.contains(&name);
                let is_testkit = kind == "dev-dependencies" && (is_of_tests(ours) || is_of_tests(&name));
                assert!(is_testkit || allowed[&name].contains(ours), "{name} may not use {used} ({kind})");
            }
        }
    }
}

#[test]
fn one_set_of_features_brings_no_code_and_no_engine_where_none_is_needed() {
    for name in ["model", "decode", "analysis", "redact", "report", "testkit"] {
        let used = dependencies(&manifest(name), "dependencies");
        assert!(!used.contains("fupan-workspace-hack"), "{name} needs no engine");
    }
    if root().join("crates").join(FEATURES_ONLY).is_dir() {
        for (path, text) in sources(FEATURES_ONLY) {
            assert_eq!(stripped(&text, Keep::Code).trim(), "", "{path} holds code");
        }
    }
}

#[test]
fn libraries_stay_in_the_crate_that_knows_them() {
    for name in crates() {
        let used = dependencies(&manifest(&name), "dependencies");
        for (library, crates, reason) in KEPT_TO {
            assert!(
                !used.contains(*library) || crates.contains(&name.as_str()),
                "{name} uses {library}: {reason}"
            );
        }
    }
}

#[test]
fn a_file_is_one_idea() {
    let mut long = Vec::new();
    for name in crates() {
        for (path, text) in sources(&name) {
            let lines = lines_without_tests(&text);
            if lines > FILE_LINES_MAX && !LONG_FILES.iter().any(|(known, _)| *known == path) {
                long.push(format!(
                    "{path}: {lines} lines without tests; split it, or name it here with its reason"
                ));
            }
        }
    }
    for path in files_below(&root().join("queries")) {
        let lines = read(&path).lines().count();
        if lines > FILE_LINES_MAX {
            long.push(format!("{}: {lines} lines", relative(&path)));
        }
    }
    assert_none("a file is one idea", &long);
    for (path, _) in LONG_FILES {
        assert!(root().join(path).is_file(), "{path} is excepted and does not exist");
    }
}

/// What must not be in any text of the project: somebody's folder, or another registry.
fn private_places(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for folder in
            [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!(":\\Us", "ers\\")]
        {
            if line.contains(folder) {
                found.push(format!("{}: {folder}", number + 1));
            }
        }
        for scheme in [concat!("registry", "+http"), concat!("sparse", "+http")] {
            let is_public = line.contains("registry+https://github.com/rust-lang/crates.io-index");
            if line.contains(scheme) && !is_public {
                found.push(format!("{}: a registry of one's own", number + 1));
            }
        }
        if line.trim_start().starts_with(concat!("replace", "-with")) {
            found.push(format!("{}: a registry of one's own", number + 1));
        }
    }
    found
}

#[test]
fn no_file_names_a_private_folder_or_registry() {
    let is_text = |path: &Path| {
        let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        matches!(
            kind.as_str(),
            "rs" | "toml"
                | "lock"
                | "sql"
                | "slt"
                | "md"
                | "yaml"
                | "yml"
                | "json"
                | "sh"
                | "py"
                | "snap"
                | ""
        )
    };
    let mut found = Vec::new();
    for path in files_below(&root()).into_iter().filter(|path| is_text(path)) {
        let text =
            fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        found.extend(private_places(&text).into_iter().map(|place| format!("{}:{place}", relative(&path))));
    }
    assert_none("no private folder or registry", &found);
}

/// That the rules above can be broken: the scanner on made-up offenders.
mod scanner {
    use super::*;

    fn finds(text: &str, word: &str) -> Vec<usize> {
        lines_with(&product_code(text, Keep::Code), word)
    }

    #[test]
    fn sees_code_and_neither_comments_nor_strings() {
        assert_eq!(finds("fn f() {\n    println!(\"x\");\n}", "println!"), [2]);
        assert_eq!(finds("// println!(1)\n/* a /* println! */ println! */ let x = 1;", "println!"), [0; 0]);
        assert_eq!(finds("let a = \"println!\\\" println!\"; println!(a);", "println!").len(), 1);
        assert_eq!(finds("let a = r#\"println! \" println!\"#; println!(a);", "println!").len(), 1);
        assert_eq!(finds("let quote = '\"'; std::fs::read(path); let b = '\\'';", "std::fs"), [1]);
        assert_eq!(finds("fn f<'a>(x: &'a str) { std::env::var(x) }", "std::env"), [1]);
    }

    #[test]
    fn takes_whole_words_and_grouped_imports() {
        assert_eq!(finds("PartitionedFile::new()", "File::"), [0; 0]);
        assert_eq!(finds("File::open(path)", "File::"), [1]);
        assert_eq!(finds("eprintln!()", "println!"), [0; 0]);
        assert_eq!(finds("use std::{\n    collections::BTreeMap,\n    fs::File,\n};", "std::fs"), [1]);
        assert_eq!(finds("use std::{fmt, collections::BTreeMap};", "std::fs"), [0; 0]);
        assert_eq!(finds("let chunks = env!(\"CARGO_PKG_VERSION\");", "std::env"), [0; 0]);
    }

    #[test]
    fn leaves_tests_out_and_nothing_else() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { println!(\"}\"); }\n}\nfn c() { println!(); }";
        assert_eq!(finds(text, "println!"), [6]);
        assert_eq!(lines_without_tests(text), 2);
        let (_, modules) = test_items("#[cfg(test)]\npub(crate) mod testing;\nmod shipped;\n");
        assert_eq!(modules, ["testing"]);
        let chinese = "const A: &str = \"故障复盘\";\n#[cfg(test)]\nmod tests { fn b() { println!(\"止血\") } }\nfn c() { dbg!(1) }";
        assert_eq!((finds(chinese, "println!"), finds(chinese, "dbg!")), (vec![], vec![4]));
    }

    #[test]
    fn sees_paths_in_strings_where_asked() {
        let text = "let log = \"logs/_delta_log\"; // _delta_log";
        assert_eq!(lines_with(&product_code(text, Keep::CodeAndStrings), "_delta_log").len(), 1);
    }

    #[test]
    fn reads_dependencies_of_every_spelling() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\n# datafusion = 1\narrow.workspace = true\n\
                        tokio = { version = \"1\" }\n\"quoted\" = \"1\"\n[target.'cfg(unix)'.dependencies]\nlibc = \"1\"\n\
                        [dependencies.datafusion]\nversion = \"55\"\n[dev-dependencies]\ninsta.workspace = true\n";
        let names: Vec<String> = dependencies(manifest, "dependencies").into_iter().collect();
        assert_eq!(names, ["arrow", "datafusion", "libc", "quoted", "tokio"]);
        assert_eq!(dependencies(manifest, "dev-dependencies").len(), 1);
    }

    #[test]
    fn reads_the_table_and_finds_circles() {
        let page = "| crate | what | may use |\n|---|---|---|\n| `crates/a` | x | b, c |\n| `crates/b` | x | – |\n| `crates/c` | x | a |\n";
        let uses = may_use(page);
        assert_eq!(uses["b"], BTreeSet::new());
        assert_eq!(circle(&uses).into_iter().collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn sees_private_places() {
        let home = format!("let path = \"{}ann/x\";", concat!("/ho", "me/"));
        assert_eq!(private_places(&home).len(), 1);
        let mirror = format!("source = \"{}s://mirror.example/index\"", concat!("registry", "+http"));
        assert_eq!(private_places(&mirror).len(), 1);
        assert_eq!(
            private_places("source = \"registry+https://github.com/rust-lang/crates.io-index\""),
            [""; 0]
        );
    }
}
