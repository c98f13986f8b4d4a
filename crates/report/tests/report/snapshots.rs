//! The whole text of a full and of a bare report, in both languages.

use fupan_report::{Lang, render};

use crate::common;

#[test]
fn full_report_in_english() {
    insta::assert_snapshot!(render(&common::full(), Lang::En).unwrap().markdown());
}

#[test]
fn full_report_in_chinese() {
    insta::assert_snapshot!(render(&common::full(), Lang::Zh).unwrap().markdown());
}

#[test]
fn bare_report_in_english() {
    insta::assert_snapshot!(render(&common::bare(), Lang::En).unwrap().markdown());
}

#[test]
fn bare_report_in_chinese() {
    insta::assert_snapshot!(render(&common::bare(), Lang::Zh).unwrap().markdown());
}

#[test]
fn chart_of_users() {
    let rendered = render(&common::full(), Lang::En).unwrap();
    let chart = rendered.files.iter().find(|(path, _)| path == "charts/users.light.svg").unwrap();
    insta::assert_snapshot!(std::str::from_utf8(&chart.1).unwrap());
}
