//! Renders the reports of the tests into a folder, to look at them: `preview FOLDER`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people at work on this crate")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::{fs, path::Path};

use fupan_report::{IncidentReport, Lang, merge, render, svg_to_png};

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/report-preview".to_owned());
    write(&folder, "full", &common::full());
    write(&folder, "bare", &common::bare());
    write(&folder, "crowded", &common::crowded());
    write(&folder, "slow", &common::slow());
    println!("{folder}");
}

fn write(folder: &str, name: &str, report: &IncidentReport) {
    for lang in Lang::ALL {
        write_one(&Path::new(folder).join(name), report, lang);
    }
}

fn write_one(folder: &Path, report: &IncidentReport, lang: Lang) {
    let rendered = render(report, lang).unwrap();
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(lang.report_file()), merge(None, &rendered.pieces).text).unwrap();
    for (path, bytes) in &rendered.files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        if path.extension().is_some_and(|extension| extension == "svg") {
            let png = svg_to_png(std::str::from_utf8(bytes).unwrap(), 1.5).unwrap();
            fs::write(path.with_extension("png"), png).unwrap();
        }
    }
}
