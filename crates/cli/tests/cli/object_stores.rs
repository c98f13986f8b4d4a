//! Sources and stores in a bucket: the same commands, the same answers, and what is told where the
//! bucket cannot be had.

use fupan_testbucket::{Conditions, TestBucket};

use crate::world::{TIMELINE, World, requests};

const STORE: &str = "s3://ops/team/store";

fn run(world: &World, bucket: &TestBucket, more: &[(&str, &str)], arguments: &[&str]) -> String {
    let variables = bucket.environment();
    let of_bucket = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let environment: Vec<(&str, &str)> = of_bucket.chain(more.iter().copied()).collect();
    world.run_with(arguments, b"", &environment)
}

#[test]
fn every_command_answers_the_same_wherever_the_store_is() {
    let bucket = TestBucket::start();
    bucket.bucket("ops");
    let (local, remote) = (World::new(), World::new());
    for world in [&local, &remote] {
        world.file("data/incident.yaml", TIMELINE.as_bytes());
        world.file("data/orders.jsonl", requests().as_bytes());
    }
    let commands: [&[&str]; 16] = [
        &["incidents"],
        &["ingest", "--dry-run", "data"],
        &["ingest", "data"],
        &["ingest", "data"],
        &["ingest", "--dry-run", "data"],
        &["incidents"],
        &["sql", "select service_name, count(*) as n from logs group by 1 order by 1"],
        &["query", "run", "quality/ingests"],
        &["report", "--lang", "en"],
        &["why", "n1"],
        &["new", "--id", "INC-9", "--title", "orders fail", "--from", "2026-11-05T11:05+08:00"],
        &["mark", "INC-9", "mitigated", "11:09"],
        &["config"],
        &["store", "forget", "orders.jsonl"],
        &["store", "verify"],
        &["sql", "select count(*) as n from logs"],
    ];
    for command in commands {
        let answer = run(&remote, &bucket, &[("FUPAN_STORE", STORE)], command);
        let answer = answer.replace("FUPAN_STORE", "default").replace(STORE, ".fupan/store");
        let expected = local.run(command);
        assert_eq!(answer, expected, "{command:?}");
        assert!(!expected.contains("bug of fupan"), "{expected}");
    }
    assert!(!remote.path().join(".fupan").exists(), "something was put into the workspace");
    let report = |world: &World| {
        let path = world.path().join("reports/INC-2026-1105/postmortem.md");
        std::fs::read_to_string(path).unwrap()
    };
    assert_eq!(report(&remote), report(&local));
}

#[test]
fn a_folder_in_a_bucket_and_a_file_of_a_web_server_are_ingested() {
    let bucket = TestBucket::start();
    let world = World::new();
    bucket.put("exports", "2026/incident.yaml", TIMELINE.as_bytes());
    bucket.put("exports", "2026/orders.jsonl", requests().as_bytes());
    let first = run(&world, &bucket, &[], &["ingest", "s3://exports/2026/"]);
    assert!(first.starts_with("exit code 0\n"), "{first}");
    assert!(first.contains("duplicate 0 records"), "{first}");
    let pattern = run(&world, &bucket, &[], &["ingest", "s3://exports/*/*.jsonl"]);
    assert!(pattern.contains("accepted 0 + rejected 0 + duplicate 400"), "{pattern}");
    let web = bucket.public_url("exports", "2026/orders.jsonl");
    let web = world.run(&["ingest", &web]);
    assert!(web.contains("accepted 0 + rejected 0 + duplicate 400"), "{web}");
    let mapping = run(&world, &bucket, &[], &["mapping", "suggest", "s3://exports/2026/orders.jsonl"]);
    assert!(
        mapping.starts_with("exit code 0\n--- stdout\n") && mapping.contains("name = \"orders\""),
        "{mapping}"
    );
}

#[test]
fn what_stands_between_us_and_a_bucket_is_said() {
    let bucket = TestBucket::start();
    bucket.bucket("ops");
    let world = World::new();
    world.file("orders.jsonl", requests().as_bytes());
    let wrong = [("AWS_SECRET_ACCESS_KEY", "wrong")];
    for (more, arguments, code, words) in [
        (&wrong[..], ["ingest", "orders.jsonl", "--store", STORE], 74, "does not accept the credentials"),
        (&wrong[..], ["sql", "select 1", "--store", STORE], 74, "hint: set AWS_ACCESS_KEY_ID"),
        (&wrong[..], ["ingest", "s3://ops/x", "--zone", "UTC"], 65, "does not accept the credentials"),
        (&wrong[..], ["ingest", "--dry-run", "--store", STORE], 2, "required"),
        (&[], ["ingest", "orders.jsonl", "--store", "s3://nowhere/x"], 74, "there is no such bucket"),
        (&[], ["ingest", "s3://ops/none.log", "--zone", "UTC"], 65, "there is no such object or folder"),
        (&[], ["ingest", "orders.jsonl", "--store", "ftp://host/x"], 74, "hint: give s3://"),
        (&[], ["store", "verify", "--store", STORE], 74, "there is no fupan store at s3://ops/team/store"),
    ] {
        let answer = run(&world, &bucket, more, &arguments);
        assert!(answer.starts_with(&format!("exit code {code}\n")), "{arguments:?}: {answer}");
        assert!(answer.contains(words), "{arguments:?}: {answer}");
    }
    let dry = run(&world, &bucket, &wrong, &["ingest", "--dry-run", "orders.jsonl", "--store", STORE]);
    assert!(dry.starts_with("exit code 74\n"), "{dry}");
    // Nothing in the environment, and no machine of Amazon's to ask for its role.
    let machine = [("AWS_METADATA_ENDPOINT", bucket.endpoint())];
    let machine: Vec<(&str, &str)> = machine.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let without = world.run_with(&["ingest", "orders.jsonl", "--store", STORE], b"", &machine);
    assert!(without.starts_with("exit code 74\n"), "{without}");
    assert!(without.contains("there are no credentials"), "{without}");
}

#[test]
fn a_server_that_ignores_conditions_gets_no_store_and_its_objects_are_read() {
    let bucket = TestBucket::start_with(Conditions::Ignored);
    bucket.put("ops", "orders.jsonl", requests().as_bytes());
    let world = World::new();
    let refused = run(&world, &bucket, &[], &["ingest", "s3://ops/orders.jsonl", "--store", STORE]);
    assert!(refused.starts_with("exit code 74\n"), "{refused}");
    assert!(refused.contains("does not honour conditional puts"), "{refused}");
    let read = run(&world, &bucket, &[], &["ingest", "s3://ops/orders.jsonl"]);
    assert!(read.starts_with("exit code 0\n"), "{read}");
}
