//! Stores and sources in a bucket: what is told when it is not there, not open or not fit, and what a
//! reader makes of a connection that breaks off.

use std::io::Read;

use fupan_store::{FoundObject, RemoteOptions, Store, StoreError, find_objects};
use fupan_testbucket::{Conditions, Fault, TestBucket, Trouble};
use tokio::runtime::Handle;

fn options(bucket: &TestBucket) -> RemoteOptions {
    RemoteOptions::from_variables(bucket.environment())
}

fn options_but(bucket: &TestBucket, name: &str, value: &str) -> RemoteOptions {
    let mut variables = bucket.environment();
    variables.retain(|(known, _)| known != name);
    variables.push((name.to_owned(), value.to_owned()));
    RemoteOptions::from_variables(variables)
}

async fn find(bucket: &TestBucket, url: &str) -> Result<Vec<FoundObject>, StoreError> {
    find_objects(url, &options(bucket), 1_000).await
}

async fn names(bucket: &TestBucket, url: &str) -> Vec<String> {
    let found = find(bucket, url).await.expect("found");
    found.iter().map(|found| found.object.address().trim_start_matches("s3://logs/").to_owned()).collect()
}

/// What a reading thread reads, and what stopped it.
async fn read(found: &FoundObject) -> (Vec<u8>, Option<String>) {
    let mut reader = found.object.reader(&Handle::current());
    tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        let outcome = reader.read_to_end(&mut bytes);
        (bytes, outcome.err().map(|error| error.to_string()))
    })
    .await
    .expect("reading ends")
}

/// More than two parts of an object, and no two bytes near each other alike.
fn large() -> Vec<u8> {
    (0..20_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_made_in_a_bucket_and_found_again() {
    let bucket = TestBucket::start();
    bucket.bucket("ops");
    let missing = Store::open_with("s3://ops/team/store", &options(&bucket)).await.unwrap_err();
    assert!(missing.to_string().starts_with("there is no fupan store at s3://ops/team/store"), "{missing}");
    let made = Store::create_with("s3://ops/team/store", &options(&bucket)).await.unwrap();
    assert_eq!(made.ledger().await.unwrap().live().count(), 0);
    let found = Store::open_with("s3://ops/team/store/", &options(&bucket)).await.unwrap();
    assert_eq!(found.verify().await.unwrap().findings, Vec::new());
    // The whole bucket may be a store, too.
    Store::create_with("s3://ops", &options(&bucket)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_told_in_a_sentence() {
    let bucket = TestBucket::start();
    bucket.bucket("ops");
    let told = async |location: &str, options: &RemoteOptions| {
        Store::create_with(location, options).await.unwrap_err().to_string()
    };
    let no_bucket = told("s3://nowhere/store", &options(&bucket)).await;
    assert!(no_bucket.contains("there is no such bucket") && no_bucket.contains("/nowhere"), "{no_bucket}");
    let wrong_key = told("s3://ops/store", &options_but(&bucket, "AWS_ACCESS_KEY_ID", "somebody")).await;
    assert!(wrong_key.contains("does not accept the credentials"), "{wrong_key}");
    let wrong_secret = told("s3://ops/store", &options_but(&bucket, "AWS_SECRET_ACCESS_KEY", "x")).await;
    assert!(wrong_secret.contains("does not accept the credentials"), "{wrong_secret}");
    assert!(wrong_secret.contains("hint: set AWS_ACCESS_KEY_ID"), "{wrong_secret}");
    let no_secret = told("s3://ops/store", &options_but(&bucket, "AWS_SECRET_ACCESS_KEY", "")).await;
    assert!(no_secret.contains("AWS_SECRET_ACCESS_KEY"), "{no_secret}");
    let odd = told("s3://ops/a?b", &options(&bucket)).await;
    assert!(odd.contains("cannot be a store"), "{odd}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_endpoint_is_told_after_a_few_attempts() {
    let bucket = TestBucket::start();
    // A port that was free a moment ago, and that nobody listens to.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = options_but(&bucket, "AWS_ENDPOINT_URL", &format!("http://{free}"));
    let error = Store::open_with("s3://ops/store", &options).await.unwrap_err().to_string();
    assert!(error.contains("cannot be reached") && error.contains(&free.to_string()), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ignores_conditional_puts_gets_no_store() {
    let bucket = TestBucket::start_with(Conditions::Ignored);
    let folder = bucket.bucket("ops");
    for _ in 0..2 {
        let error = Store::create_with("s3://ops/store", &options(&bucket)).await.unwrap_err();
        assert!(error.to_string().contains("does not honour conditional puts"), "{error}");
        assert!(matches!(error, StoreError::Remote(_)), "{error:?}");
    }
    assert!(!folder.join("store/ingests/_delta_log").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_no_conditional_puts_gets_no_store_either() {
    let bucket = TestBucket::start();
    bucket.bucket("ops");
    bucket.trouble(Trouble::always("PUT", "_conditional_put", Fault::Refuse(501)));
    let error = Store::create_with("s3://ops/store", &options(&bucket)).await.unwrap_err();
    assert!(error.to_string().contains("does not honour conditional puts"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_made_although_every_first_reply_is_lost() {
    let bucket = TestBucket::start();
    bucket.bucket("ops");
    bucket.trouble(Trouble::once("PUT", "_conditional_put", Fault::LoseReply));
    for table in ["logs", "incident_events", "ingests"] {
        let path = format!("/{table}/_delta_log/");
        bucket.trouble(Trouble::once("PUT", path, Fault::LoseReply));
    }
    let store = Store::create_with("s3://ops/store", &options(&bucket)).await.unwrap();
    let snapshot = store.snapshot(None).await.unwrap();
    assert_eq!(snapshot.tables.values().map(|table| table.version).sum::<u64>(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_found_as_files_are() {
    let bucket = TestBucket::start();
    let keys = [
        "app/a.log",
        "app/b/1.log",
        "app/b-2.log",
        "app/b/.hidden",
        "app/.git/x.log",
        "app/store/logs/_delta_log/0.json",
        "app/store/logs/a.parquet",
        "other.log",
        "app.log",
    ];
    for key in keys {
        bucket.put("logs", key, b"x");
    }
    // What some tools put there to make a folder visible.
    bucket.put("logs", "app/c/d.log", b"y");
    let walked = ["app/a.log", "app/b/1.log", "app/b-2.log", "app/c/d.log"];
    assert_eq!(names(&bucket, "s3://logs/app/").await, walked);
    assert_eq!(names(&bucket, "s3://logs/app").await, walked);
    assert_eq!(names(&bucket, "s3://logs/app.log").await, ["app.log"]);
    assert_eq!(names(&bucket, "s3://logs/app/*.log").await, ["app/a.log", "app/b-2.log"]);
    assert_eq!(names(&bucket, "s3://logs/*/b*").await, ["app/b/1.log", "app/b-2.log"]);
    assert_eq!(names(&bucket, "s3://logs/**/[ad].log").await, ["app/a.log", "app/c/d.log"]);
    assert_eq!(names(&bucket, "s3://logs").await.len(), 6);
    assert_eq!(names(&bucket, "s3://logs/app/store/logs/").await.len(), 2, "asked for by name");
    for (url, reason) in [
        ("s3://logs/nothing", "there is no such object or folder"),
        ("s3://logs/*.gz", "no object matches the pattern"),
        ("s3://elsewhere/x", "there is no such bucket"),
        ("ftp://host/x", "is not an object store that is known here"),
    ] {
        let error = find(&bucket, url).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{url}: {error}");
    }
    let too_many = find_objects("s3://logs/app/", &options(&bucket), 3).await.unwrap_err().to_string();
    assert!(too_many.contains("more than 3 objects"), "{too_many}");
}

#[tokio::test(flavor = "multi_thread")]
async fn small_objects_are_fetched_ahead_and_each_once() {
    let bucket = TestBucket::start();
    for at in 0..40 {
        bucket.put("logs", &format!("app/{at:02}.log"), format!("content {at}").repeat(at).as_bytes());
    }
    let found = find(&bucket, "s3://logs/app/").await.expect("found");
    // In order; then not in order, and some again.
    for (at, object) in found.iter().enumerate() {
        assert_eq!(read(object).await, (format!("content {at}").repeat(at).into_bytes(), None));
    }
    let gets = bucket.requests().iter().filter(|request| request.starts_with("GET /logs/app/")).count();
    assert_eq!(gets, 39, "the empty one is not asked for");
    for at in [7, 30, 8, 8, 39, 1] {
        assert_eq!(read(&found[at]).await, (format!("content {at}").repeat(at).into_bytes(), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_object_is_read_in_parts_and_on_where_a_connection_breaks_off() {
    let bucket = TestBucket::start();
    let bytes = large();
    bucket.put("logs", "large.bin", &bytes);
    bucket.put("logs", "empty.log", b"");
    let cut = Trouble::once("GET", "large.bin", Fault::CutBody(3_000_000));
    bucket.trouble(Trouble { times: 2, ..cut });
    let found = find(&bucket, "s3://logs/large.bin").await.unwrap();
    assert_eq!(found[0].object.size(), Some(20_000_000));
    assert!(found[0].object.modified_at().is_some());
    let (read_bytes, problem) = read(&found[0]).await;
    assert_eq!(problem, None);
    assert!(read_bytes == bytes, "the content differs");
    let gets = bucket.requests().iter().filter(|request| *request == "GET /logs/large.bin").count();
    assert_eq!(gets, 3 + 2);
    let empty = find(&bucket, "s3://logs/empty.log").await.unwrap();
    assert_eq!(read(&empty[0]).await, (Vec::new(), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_an_object_was_replaced_or_removed_stands() {
    let bucket = TestBucket::start();
    // Reading is ahead by some parts, never by the whole.
    let bytes = large().repeat(3);
    let path = bucket.put("logs", "large.bin", &bytes);
    let found = find(&bucket, "s3://logs/large.bin").await.unwrap();
    let mut reader = found[0].object.reader(&Handle::current());
    let begin = vec![0_u8; 1_000_000];
    let (mut reader, begin) = tokio::task::spawn_blocking(move || {
        let mut begin = begin;
        reader.read_exact(&mut begin).map(|()| (reader, begin))
    })
    .await
    .unwrap()
    .unwrap();
    assert!(bytes.starts_with(&begin));
    std::fs::remove_file(path).unwrap();
    let (rest, error) = tokio::task::spawn_blocking(move || {
        let mut rest = Vec::new();
        let error = reader.read_to_end(&mut rest).unwrap_err();
        (rest, error.to_string())
    })
    .await
    .unwrap();
    assert!(bytes[begin.len()..].starts_with(&rest));
    assert!(begin.len() + rest.len() >= 8 << 20, "{}", rest.len());
    assert!(error.contains("no such object"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_web_server_with_and_without_ranges() {
    let bucket = TestBucket::start();
    let bytes = large();
    bucket.put("logs", "a b.bin", &bytes);
    let url = bucket.public_url("logs", "a%20b.bin");
    for query in ["token=geheim", "ranges=none"] {
        let found = find(&bucket, &format!("{url}?{query}")).await.unwrap();
        assert_eq!(found[0].object.name(), "a b.bin");
        assert!(!format!("{found:?}").contains("geheim"));
        let (read_bytes, problem) = read(&found[0]).await;
        assert_eq!(problem, None);
        assert!(read_bytes == bytes, "the content differs");
    }
    let missing =
        find(&bucket, &bucket.public_url("logs", "none?token=geheim")).await.unwrap_err().to_string();
    assert!(missing.contains("no such object") && !missing.contains("geheim"), "{missing}");
}
