//! How is an object store reached, and with whose credentials?
//!
//! Amazon S3 and everything that speaks its protocol, Google Cloud Storage, Azure Blob Storage; plain
//! HTTP for sources. Credentials, region and endpoint come from the variables that each vendor's own
//! tools read; the command line hands them down, this crate never looks at the environment.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::trouble::RemoteTrouble;
use crate::{StoreError, limits};

/// Variables that say something about object stores begin like this.
const PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// What the environment says about object stores. Its values are secrets: they are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RemoteOptions {
    /// Names in small letters, as the object stores' own builders want them.
    pairs: Vec<(String, String)>,
}

impl fmt::Debug for RemoteOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

impl RemoteOptions {
    /// Takes what concerns object stores out of the variables of an environment.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut pairs: Vec<(String, String)> = variables
            .into_iter()
            .filter(|(name, value)| {
                !value.is_empty() && PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            })
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        // The order of an environment is nobody's; the more specific name of a region comes later and wins.
        pairs.sort();
        Self { pairs }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn is_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes"))
    }

    /// The options that a builder knows; the others are somebody else's.
    fn known<K: FromStr>(&self) -> impl Iterator<Item = (K, &str)> {
        self.pairs.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.as_str())))
    }
}

/// Who keeps the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    S3,
    Google,
    Azure,
    Http,
}

/// Schemes of URLs and who is behind them.
const SCHEMES: [(&str, Provider); 10] = [
    ("s3", Provider::S3),
    ("s3a", Provider::S3),
    ("gs", Provider::Google),
    ("az", Provider::Azure),
    ("azure", Provider::Azure),
    ("adl", Provider::Azure),
    ("abfs", Provider::Azure),
    ("abfss", Provider::Azure),
    ("http", Provider::Http),
    ("https", Provider::Http),
];

/// A URL taken apart. Keys stand as they are, as in the vendors' own tools: `%` and `?` are letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) provider: Provider,
    /// Bucket, container or host.
    pub(crate) bucket: &'a str,
    /// Without the slash in front; may be empty.
    pub(crate) key: &'a str,
}

/// Whether this names something in an object store rather than in a file system.
pub fn is_remote(location: &str) -> bool {
    location.split_once("://").is_some_and(|(scheme, _)| {
        scheme != "file" && !scheme.is_empty() && scheme.chars().all(|letter| letter.is_ascii_alphanumeric())
    })
}

/// Takes a URL apart.
pub(crate) fn parts(location: &str) -> Result<Parts<'_>, StoreError> {
    let bad = |reason: String| StoreError::Remote(RemoteTrouble::new(reason, KNOWN_URLS));
    let Some((scheme, rest)) = location.split_once("://") else {
        return Err(bad(format!("`{location}` is not a URL")));
    };
    let Some((_, provider)) = SCHEMES.iter().find(|(known, _)| *known == scheme) else {
        return Err(bad(format!("`{scheme}://` is not an object store that is known here")));
    };
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(bad(format!("`{location}` names no bucket")));
    }
    Ok(Parts { scheme, provider: *provider, bucket, key })
}

const KNOWN_URLS: &str = "give s3://BUCKET/KEY, gs://BUCKET/KEY or az://CONTAINER/KEY";

/// The object store behind a bucket, rooted at the bucket.
pub(crate) fn connect(
    parts: &Parts<'_>,
    options: &RemoteOptions,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let url = format!("{}://{}/", parts.scheme, parts.bucket);
    match parts.provider {
        Provider::S3 => s3(url, options),
        Provider::Google => {
            let mut builder = GoogleCloudStorageBuilder::new().with_url(url).with_retry(retries());
            for (key, value) in options.known() {
                builder = builder.with_config(key, value);
            }
            Ok(Arc::new(builder.build().map_err(|error| unusable(&error, GOOGLE_ADVICE))?))
        }
        Provider::Azure => {
            let mut builder = MicrosoftAzureBuilder::new().with_url(url).with_retry(retries());
            for (key, value) in options.known() {
                builder = builder.with_config(key, value);
            }
            Ok(Arc::new(builder.build().map_err(|error| unusable(&error, AZURE_ADVICE))?))
        }
        Provider::Http => Err(StoreError::Remote(RemoteTrouble::new(
            format!("{url} is a web server, which gives files one by one and takes none"),
            "a store, a folder or a pattern needs s3://, gs:// or az://; of a web server name one file",
        ))),
    }
}

fn s3(url: String, options: &RemoteOptions) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let endpoint = options.get("aws_endpoint_url_s3").or_else(|| options.get("aws_endpoint_url"));
    let endpoint = endpoint.or_else(|| options.get("aws_endpoint"));
    if let Some(endpoint) = endpoint.filter(|endpoint| endpoint.starts_with("http://"))
        && !options.is_true("aws_allow_http")
    {
        return Err(StoreError::Remote(RemoteTrouble::new(
            format!("the endpoint {endpoint} is not encrypted"),
            "use https://, or set AWS_ALLOW_HTTP=true if it is a server that you trust the network to",
        )));
    }
    // Elsewhere than at Amazon there is no machine to ask for credentials.
    let names =
        ["aws_access_key_id", "aws_web_identity_token_file", "aws_container_credentials_relative_uri"];
    let has_credentials = names.iter().any(|name| options.get(name).is_some())
        || options.get("aws_container_credentials_full_uri").is_some()
        || options.is_true("aws_skip_signature");
    if endpoint.is_some() && !has_credentials {
        return Err(StoreError::Remote(RemoteTrouble::without_credentials()));
    }
    let client = client_options();
    let mut builder = AmazonS3Builder::new().with_url(url).with_retry(retries()).with_client_options(client);
    for (key, value) in options.known() {
        builder = builder.with_config(key, value);
    }
    Ok(Arc::new(builder.build().map_err(|error| unusable(&error, crate::trouble::S3_ADVICE))?))
}

const GOOGLE_ADVICE: &str =
    "set GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_SERVICE_ACCOUNT to the file with the credentials";
const AZURE_ADVICE: &str =
    "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_SAS_TOKEN";

fn unusable(error: &object_store::Error, advice: &str) -> StoreError {
    StoreError::Remote(RemoteTrouble::new(format!("the object store cannot be used: {error}"), advice))
}

/// A file of a web server. The whole URL is its address, with its query, where signatures are.
pub(crate) fn connect_http(url: &Url, is_bounded_in_time: bool) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let client = client_options().with_allow_http(url.scheme() == "http");
    let client = if is_bounded_in_time { client } else { client.with_timeout_disabled() };
    let builder = HttpBuilder::new().with_url(url.as_str()).with_retry(retries()).with_client_options(client);
    Ok(Arc::new(builder.build().map_err(|error| unusable(&error, "look at the URL"))?))
}

fn client_options() -> ClientOptions {
    ClientOptions::new()
        .with_timeout(Duration::from_secs(limits::REMOTE_REQUEST_SECONDS))
        .with_connect_timeout(Duration::from_secs(limits::REMOTE_CONNECT_SECONDS))
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { max_backoff: Duration::from_secs(5), ..BackoffConfig::default() },
        max_retries: limits::REMOTE_RETRIES_MAX,
        retry_timeout: Duration::from_secs(limits::REMOTE_RETRY_SECONDS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> RemoteOptions {
        RemoteOptions::from_variables(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn a_url_is_taken_apart_and_its_key_left_alone() {
        let found = parts("s3://logs/2026/a%20b?c#d.gz").unwrap();
        assert_eq!((found.bucket, found.key), ("logs", "2026/a%20b?c#d.gz"));
        assert_eq!(parts("gs://logs").unwrap().key, "");
        for wrong in ["ftp://host/x", "s3:///key", "memory:///x"] {
            assert!(parts(wrong).unwrap_err().to_string().contains("hint: give s3://"), "{wrong}");
        }
        assert!(is_remote("s3://a") && !is_remote("file:///a") && !is_remote("a/b:c") && !is_remote("C:\\x"));
    }

    #[test]
    fn secrets_are_neither_kept_without_need_nor_shown() {
        let found =
            options(&[("AWS_SECRET_ACCESS_KEY", "geheim"), ("GITHUB_TOKEN", "t"), ("AWS_REGION", "")]);
        assert_eq!(format!("{found:?}"), "{\"aws_secret_access_key\"}");
    }

    #[test]
    fn what_is_missing_is_said_before_anything_is_sent() {
        let s3 = parts("s3://logs/x").unwrap();
        let reason = |pairs: &[(&str, &str)]| connect(&s3, &options(pairs)).unwrap_err().to_string();
        let endpoint = ("AWS_ENDPOINT_URL", "http://localhost:9000");
        assert!(reason(&[endpoint]).contains("AWS_ALLOW_HTTP=true"));
        let missing = reason(&[endpoint, ("AWS_ALLOW_HTTP", "true")]);
        assert!(missing.contains("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), "{missing}");
        let half = reason(&[("AWS_ACCESS_KEY_ID", "id")]);
        assert!(half.contains("AWS_SECRET_ACCESS_KEY"), "{half}");
        assert!(connect(&parts("https://host/x").unwrap(), &options(&[])).is_err());
        let public = [endpoint, ("AWS_ALLOW_HTTP", "true"), ("AWS_SKIP_SIGNATURE", "true")];
        assert!(connect(&s3, &options(&public)).is_ok());
    }
}
