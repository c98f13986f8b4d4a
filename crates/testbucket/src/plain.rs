//! Objects over plain HTTP, as any web server gives files: with ranges, without signatures.

use std::path::Path;

use hyper::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use hyper::{Method, Response, StatusCode};
use s3s::{Body, HttpRequest, HttpResponse};

/// Below it, everything is public; the bucket's name follows.
pub(crate) const FOLDER: &str = "public/";

/// A query that makes the server one that knows no ranges.
const WITHOUT_RANGES: &str = "ranges=none";

/// A file, or a part of it.
pub(crate) fn answer(root: &Path, path: &str, request: &HttpRequest) -> HttpResponse {
    let has_ranges = !request.uri().query().unwrap_or_default().contains(WITHOUT_RANGES);
    let is_head = request.method() == Method::HEAD;
    let Ok(bytes) = std::fs::read(root.join(decoded(path))) else { return status(StatusCode::NOT_FOUND) };
    let range = request.headers().get(RANGE).and_then(|text| text.to_str().ok()).and_then(parse);
    let total = bytes.len();
    let mut response = Response::builder();
    let body = match range.filter(|_| has_ranges) {
        Some((first, last)) if first < total => {
            let end = last.saturating_add(1).min(total);
            response = response
                .status(StatusCode::PARTIAL_CONTENT)
                .header(CONTENT_RANGE, format!("bytes {first}-{}/{total}", end - 1));
            bytes.get(first..end).unwrap_or_default().to_vec()
        }
        Some(_) => return status(StatusCode::RANGE_NOT_SATISFIABLE),
        None => bytes,
    };
    response = response.header(ACCEPT_RANGES, if has_ranges { "bytes" } else { "none" });
    response = response.header(CONTENT_LENGTH, body.len());
    let body = if is_head { Body::empty() } else { Body::from(body) };
    response.body(body).expect("the headers are well formed")
}

/// A reply without a body.
pub(crate) fn status(status: StatusCode) -> HttpResponse {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// `bytes=FIRST-LAST`; the last is missing where all of the rest is wanted.
fn parse(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let last = if last.is_empty() { usize::MAX } else { last.parse().ok()? };
    Some((first.parse().ok()?, last))
}

/// A path of a URL as a path of a file.
pub(crate) fn decoded(path: &str) -> String {
    let mut pieces = path.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(2).unwrap_or((piece, ""));
        bytes.extend(u8::from_str_radix(code, 16).ok());
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
