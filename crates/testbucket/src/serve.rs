//! Connections, requests, and what becomes of each.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use s3s::access::S3Access;
use s3s::auth::SimpleAuth;
use s3s::dto::PutObjectInput;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpRequest, HttpResponse, S3Request, S3Result};
use tokio::sync::oneshot;

use crate::faults::{Fault, Faults};
use crate::{ACCESS_KEY_ID, Conditions, SECRET_ACCESS_KEY, plain};

/// What all connections share.
pub(crate) struct Shared {
    root: PathBuf,
    service: S3Service,
    pub(crate) faults: Faults,
    /// Looking whether an object is there and writing it are two steps of the server; S3 does both at once.
    writing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("root", &self.root).finish_non_exhaustive()
    }
}

/// Forgets the condition of a put before the server sees it.
struct WithoutConditions;

#[async_trait::async_trait]
impl S3Access for WithoutConditions {
    async fn put_object(&self, request: &mut S3Request<PutObjectInput>) -> S3Result<()> {
        request.input.if_none_match = None;
        request.input.if_match = None;
        Ok(())
    }
}

impl Shared {
    pub(crate) fn new(root: &Path, conditions: Conditions) -> Self {
        let files = s3s_fs::FileSystem::new(root).expect("the folder is there");
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        if conditions == Conditions::Ignored {
            builder.set_access(WithoutConditions);
        }
        let service = builder.build();
        Self {
            root: root.to_owned(),
            service,
            faults: Faults::default(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// The reply, or none where the connection has to end without one.
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<CutBody>, std::io::Error> {
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let fault = self.faults.of(request.method().as_str(), &format!("/{path}"));
        if let Some(Fault::Refuse(status)) = fault {
            return Ok(whole(plain::status(StatusCode::from_u16(status).unwrap_or_default())));
        }
        let response = self.carry_out(&path, request.map(Body::from)).await?;
        match fault {
            Some(Fault::LoseReply) => Err(std::io::Error::other("the reply is lost")),
            Some(Fault::AnswerInstead(status)) => {
                Ok(whole(plain::status(StatusCode::from_u16(status).unwrap_or_default())))
            }
            Some(Fault::CutBody(bytes)) => Ok(response.map(|inner| CutBody { inner, left: Some(bytes) })),
            Some(Fault::Refuse(_)) | None => Ok(whole(response)),
        }
    }

    async fn carry_out(&self, path: &str, request: HttpRequest) -> Result<HttpResponse, std::io::Error> {
        if let Some(public) = path.strip_prefix(plain::FOLDER) {
            return Ok(plain::answer(&self.root, public, &request));
        }
        // A folder of files is no object, which the server underneath does not know.
        let is_object = request.uri().query().is_none() && path.contains('/');
        if is_object && self.root.join(plain::decoded(path)).is_dir() {
            return Ok(plain::status(StatusCode::NOT_FOUND));
        }
        let _writing = if request.method() == Method::PUT { Some(self.writing.lock().await) } else { None };
        let answer = self.service.call(request).await;
        answer.map_err(|error| std::io::Error::other(format!("{error:?}")))
    }
}

fn whole(response: HttpResponse) -> Response<CutBody> {
    response.map(|inner| CutBody { inner, left: None })
}

/// A body that breaks off.
struct CutBody {
    inner: Body,
    left: Option<u64>,
}

impl hyper::body::Body for CutBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == Some(0) {
            return Poll::Ready(Some(Err("the connection breaks off".into())));
        }
        let frame = match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => return Poll::Pending,
        };
        let Some(left) = self.left else { return Poll::Ready(Some(Ok(frame))) };
        let mut bytes = frame.into_data().unwrap_or_default();
        bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        self.left = Some(left - bytes.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Serves until it is told to stop.
pub(crate) fn run(listener: std::net::TcpListener, shared: &Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime for the server");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = &mut stopped => return,
            };
            let Ok((socket, _)) = accepted else { continue };
            let shared = Arc::clone(shared);
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { shared.answer(request).await }
                });
                // A connection that breaks off is the other side's business, or what the test wants.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
}
