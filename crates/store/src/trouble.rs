//! What does an error of an object store mean to the person at the keyboard, and what can be done?
//!
//! The libraries below hand up statuses, XML and chains of causes. The few that people meet get a
//! sentence each; a URL is shown without its query, where signatures are.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};
use thiserror::Error;

/// Why an object store did not do what it should, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}\nhint: {advice}")]
pub struct RemoteTrouble {
    /// What happened.
    pub what: String,
    /// What to do.
    pub advice: String,
    /// Nothing was done, and nothing will be done later.
    is_final: bool,
}

/// Carried up by a store whose server lets a second creator overwrite the first.
#[derive(Debug, Error)]
#[error("the server does not honour conditional puts")]
pub(crate) struct NotConditional;

pub(crate) const S3_ADVICE: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones); out of a \
     profile: eval \"$(aws configure export-credentials --format env)\"; AWS_SKIP_SIGNATURE=true for a public bucket";

impl RemoteTrouble {
    pub(crate) fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), advice: advice.into(), is_final: false }
    }

    /// Whether it is certain that a request was refused. Of a lost connection that is never certain.
    pub(crate) const fn is_final(&self) -> bool {
        self.is_final
    }

    fn refused(self) -> Self {
        Self { is_final: true, ..self }
    }

    pub(crate) fn without_credentials() -> Self {
        Self::new("there are no credentials for the object store", S3_ADVICE).refused()
    }

    /// What an error means where an object store is behind it; none where it is something else.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut text = String::new();
        let mut kind = None;
        let mut next = Some(error);
        while let Some(error) = next {
            if error.is::<NotConditional>() {
                return Some(Self::not_conditional());
            }
            kind = kind.or_else(|| error.downcast_ref::<HttpError>().map(HttpError::kind));
            text.push_str(&error.to_string());
            text.push('\n');
            next = error.source();
        }
        if text.contains("conditional put is disabled") || text.contains("status code: 501") {
            return Some(Self::not_conditional());
        }
        let place = place(&text)?;
        if ["/latest/api/token", "/latest/meta-data"].iter().any(|path| place.contains(path)) {
            // Where there are no credentials, Amazon's machines are asked for those of their role.
            return Some(Self::without_credentials());
        }
        Some(Self::of_answer(&text, &place).unwrap_or_else(|| Self::of_connection(kind, &text, &place)))
    }

    fn not_conditional() -> Self {
        Self::new(
            "the object store lets a second writer overwrite what a first one has committed: it does not honour \
             conditional puts (If-None-Match), and data would be lost",
            "keep the store in a local folder, or on a server that honours them: Amazon S3, MinIO, Cloudflare R2, Google \
             Cloud Storage, Azure; sources can be read from this one all the same",
        )
        .refused()
    }

    /// By what the server answered.
    fn of_answer(text: &str, place: &str) -> Option<Self> {
        let status = between(text, "status code: ", " ").unwrap_or_default();
        let code = between(text, "<Code>", "</Code>").unwrap_or_default();
        let said = match between(text, "<Message>", "</Message>").map(shown).unwrap_or_default() {
            said if said.is_empty() => String::new(),
            said => format!(": {said}"),
        };
        let is = |codes: &[&str]| codes.contains(&code);
        Some(if is(&["NoSuchBucket", "ContainerNotFound"]) || text.contains("bucket does not exist") {
            Self::new(
                format!("there is no such bucket: {place}"),
                "look at its name, and at AWS_ENDPOINT_URL and AWS_REGION; buckets are not made here",
            )
            .refused()
        } else if is(&["RequestTimeTooSkewed"]) {
            Self::new(
                "the clock of this computer is wrong: the object store does not accept its signatures",
                "set it",
            )
        } else if is(&["ExpiredToken", "ExpiredTokenException"]) {
            Self::new("the credentials have expired", "get new ones, and run the same command again")
        } else if is(&[
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "NotSignedUp",
            "InvalidToken",
            "AuthenticationFailed",
        ]) || status == "401"
        {
            Self::new(
                format!("the object store does not accept the credentials ({status} {code}{said})"),
                S3_ADVICE,
            )
            .refused()
        } else if status == "403" {
            Self::new(
                format!("access to {place} is denied (403 {code}{said})"),
                "reading needs the rights to list and get objects, a store also to put them (s3:ListBucket, s3:GetObject, \
                 s3:PutObject); or the credentials are those of somebody else",
            )
            .refused()
        } else if text.contains("redirect without LOCATION") || matches!(status, "301" | "307") {
            Self::new(
                format!("the bucket is in another region: {place}"),
                "set AWS_REGION to the bucket's region",
            )
        } else if status == "404" || status == "410" {
            Self::new(format!("there is no such object: {place}"), "look at its name")
        } else if status.starts_with('5') || status == "429" {
            Self::new(
                format!("the object store cannot serve at the moment ({status} {code}{said})"),
                "run the same command again later; nothing is added twice",
            )
        } else if !status.is_empty() {
            Self::new(
                format!("the object store refused a request for {place} ({status} {code}{said})"),
                "look at the URL",
            )
        } else {
            return None;
        })
    }

    /// By how the connection ended.
    fn of_connection(kind: Option<HttpErrorKind>, text: &str, place: &str) -> Self {
        let again = "run the same command again; nothing is added twice";
        match kind {
            Some(HttpErrorKind::Connect) => Self::new(
                format!("{place} cannot be reached"),
                "look at the network, at the URL and at AWS_ENDPOINT_URL",
            ),
            Some(HttpErrorKind::Timeout) => Self::new(format!("{place} did not answer in time"), again),
            _ => {
                let cause = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
                Self::new(format!("the connection to {place} broke off ({})", shown(cause)), again)
            }
        }
    }
}

/// What was asked for: `Error performing GET http://host/bucket/key?query in 1s`. None of an error of
/// something else.
fn place(text: &str) -> Option<String> {
    let after = text.split("Error performing ").skip(1);
    let urls = after.filter_map(|rest| rest.split_whitespace().nth(1));
    let url = urls.into_iter().find(|word| word.contains("://"))?;
    Some(shown(url.split('?').next().unwrap_or(url)))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// Text of a server, fit to be shown: short, without control characters, without queries of URLs.
fn shown(text: &str) -> String {
    const SHOWN_LETTERS_MAX: usize = 200;
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| if word.contains("://") { word.split('?').next().unwrap_or(word) } else { word })
        .collect();
    words.join(" ").chars().filter(|letter| !letter.is_control()).take(SHOWN_LETTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `object_store` words it.
    #[derive(Debug, Error)]
    #[error("Error performing GET http://host/bucket/key?X-Amz-Signature=geheim in 1s - {0}")]
    struct Failed(&'static str);

    fn told(answer: &'static str) -> String {
        RemoteTrouble::of(&Failed(answer)).unwrap().to_string()
    }

    #[test]
    fn each_answer_has_its_sentence_and_no_signature_in_it() {
        for (answer, sentence) in [
            (
                "Server returned non-2xx status code: 404 Not Found: <Error><Code>NoSuchBucket</Code></Error>",
                "no such bucket: http://host/bucket/key\n",
            ),
            (
                "Server returned non-2xx status code: 403 Forbidden: <Code>SignatureDoesNotMatch</Code>",
                "does not accept the credentials (403 SignatureDoesNotMatch)",
            ),
            (
                "Server returned non-2xx status code: 403 Forbidden: <Code>AccessDenied</Code><Message>no\u{1b}[2J</Message>",
                "is denied (403 AccessDenied: no[2J)",
            ),
            (
                "Server returned non-2xx status code: 503 Service Unavailable: ",
                "cannot serve at the moment (503 )",
            ),
            (
                "Received redirect without LOCATION, this normally indicates an incorrectly configured region",
                "set AWS_REGION",
            ),
            ("HTTP error: end of file", "broke off"),
        ] {
            let told = told(answer);
            assert!(told.contains(sentence), "{answer}: {told}");
            assert!(!told.contains("geheim"), "{told}");
        }
    }

    #[test]
    fn an_error_of_the_disk_is_not_one_of_an_object_store() {
        assert_eq!(RemoteTrouble::of(&std::io::Error::other("disk full")), None);
    }
}
