//! Is each format told by what is in its fixture folder, whatever the files are called?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use fupan_decode::{DecodeOptions, InputFormat, detect};

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_format_has_fixtures_and_is_told_by_them() {
    let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "source");
    let mut wrong = Vec::new();
    for format in InputFormat::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format.as_str());
        let files = files(&folder);
        assert!(!files.is_empty(), "{}", folder.display());
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            let told = detect(&bytes, true, &options).map(|detection| detection.format);
            // A line of JSON that nginx wrote is a line of JSON.
            let is_json_lines = file.ends_with("access-log/nginx.json");
            let expected = if is_json_lines { InputFormat::JsonLines } else { format };
            if told != Ok(expected) {
                wrong.push(format!("{}: {told:?}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
