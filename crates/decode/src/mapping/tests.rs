//! What mapping files may say, and how mistakes are told.

use super::*;

fn error(text: &str) -> String {
    Mapping::parse(text).map(|mapping| format!("{mapping:?}")).unwrap_err().to_string()
}

#[test]
fn mistakes_name_the_place_and_the_remedy() {
    for (text, expected) in [
        ("nam = \"x\"", "unknown field `nam`"),
        ("name = \"x\"\ntable = \"metric\"", "did you mean `metrics`?"),
        ("name = \"x\"\nformat = \"cvs\"", "is none of csv, json-lines"),
        ("name = \"x\"\nfields = { service_nam = \"A\" }", "did you mean `service_name`?"),
        (
            "name = \"x\"\nfields = { body = { from = \"A\", regex = \"(\" } }",
            "fields.body.regex is no valid pattern",
        ),
        ("name = \"x\"\ntime = { field = \"T\", epoch = \"m\" }", "none of s, ms, us, ns"),
        ("name = \"x\"\ntime = { field = \"T\", format = \"%Q\" }", "no layout of strftime"),
        ("name = \"x\"\ntime = { field = \"T\", format = \"%Y\", epoch = \"s\" }", "keep one"),
        ("name = \"x\"\nunwrap = [{ field = \"Log\" }]", "needs either"),
        ("name = \"x\"\nunwrap = [{ field = \"Log\", as = \"xml\" }]", "use as = \"json\""),
        (
            "name = \"x\"\nunwrap = [{ field = \"Log\", pattern = \"%{NOPE}\" }]",
            "there is no pattern %{NOPE}",
        ),
        ("name = \"x\"\ntable = \"metrics\"\nwide = { header = \"^a$\" }", "(?<metric_name>…)"),
        ("name = \"x\"\nzone = \"Beijing\"", "no zone of the IANA database"),
        ("name = \"x\"\nname = ", "line 2"),
    ] {
        let told = error(text);
        assert!(told.contains(expected), "{text}: {told}");
    }
    assert!(error("name = \"my-mapping\"\ncolour = 1").starts_with("mapping my-mapping:"));
}

#[test]
fn tests_on_content() {
    let csv = Mapping::parse("name = \"x\"\nmatch = { header = [\"A\", \"B\"] }").unwrap();
    let names = |list: &[&str]| -> Vec<String> { list.iter().map(|name| (*name).to_owned()).collect() };
    assert!(csv.fits_header(&names(&["C", "B", "A"])));
    assert!(!csv.fits_header(&names(&["A"])));
    assert!(!csv.fits_keys(&names(&["A", "B"])));
    assert!(csv.for_every_source().fits_header(&names(&["Z"])));
    let json = Mapping::parse("name = \"x\"\nmatch = { first_key = \"_source\" }").unwrap();
    assert!(json.fits_keys(&names(&["_source"])) && !json.fits_keys(&names(&["a"])));
}

#[test]
fn a_year_can_be_given() {
    let mapping = Mapping::parse(
        "name = \"x\"\nreference_year = 2026\ntime = { field = \"T\", format = \"%b %d %H:%M:%S\" }",
    )
    .unwrap();
    let time = mapping.time.unwrap();
    let read = time.read("Nov  5 11:05:03", Tz::UTC).map(|parsed| parsed.at.to_rfc3339());
    assert_eq!(read.as_deref(), Ok("2026-11-05T11:05:03Z"));
}

#[test]
fn the_schema_is_json_and_knows_the_keys() {
    let schema: serde_json::Value = serde_json::from_str(mapping_json_schema()).unwrap();
    for key in
        ["name", "table", "match", "format", "unwrap", "time", "fields", "severity", "wide", "personal"]
    {
        assert!(schema.pointer(&format!("/properties/{key}")).is_some(), "{key}");
    }
}

#[test]
fn plain_text_needs_a_pattern_with_names() {
    for (text, expected) in [
        ("name = \"x\"\nformat = \"text\"", "needs a pattern"),
        ("name = \"x\"\nformat = \"text\"\npattern = \"^a$\"", "names no field"),
        ("name = \"x\"\nformat = \"text\"\npattern = \"%{NOPE:a}\"", "there is no pattern %{NOPE}"),
        (
            "name = \"x\"\nformat = \"text\"\npattern = \"%{WORD:a}\"\nmulti_line = \"no\"",
            "none of time, unindented, none",
        ),
        ("name = \"x\"\nformat = \"csv\"\nmulti_line = \"none\"", "are for format"),
    ] {
        let told = error(text);
        assert!(told.contains(expected), "{text}: {told}");
    }
    let mapping =
        Mapping::parse("name = \"x\"\nformat = \"text\"\npattern = \"^%{INT:n} %{GREEDYDATA:message}$\"")
            .unwrap();
    assert_eq!(mapping.format(), InputFormat::TextLog);
    assert!(mapping.fits_text(b"broken\n7 words\n") && !mapping.fits_text(b"words\n"));
    assert!(mapping.for_every_source().fits_text(b"words\n"));
}

#[test]
fn a_test_of_nothing_is_refused() {
    let error = Mapping::parse("name = \"x\"\nmatch = { first_key = [] }").unwrap_err().to_string();
    assert!(error.contains("match tests nothing"), "{error}");
}
