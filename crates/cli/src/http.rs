//! A small HTTP/1.1 client over one kept connection: for `load`, `doctor` and `import --server`.

use std::{io, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Error, Result, anyhow, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode, Uri,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long a connection or an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Where a server is and how to trust it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    host: String,
    port: u16,
    authority: String,
    tls: Option<TlsConnector>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) date: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// What a person should read of a refusal: the `detail` of a problem document, else the beginning of the body.
    pub(crate) fn problem(&self) -> String {
        let body: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let detail = body.as_ref().and_then(|body| body.get("detail")).and_then(serde_json::Value::as_str);
        let text = detail.map_or_else(|| String::from_utf8_lossy(&self.body).chars().take(200).collect(), str::to_owned);
        format!("{}: {text}", self.status)
    }

    /// The stable name of a refusal: the `code` of a problem document, else the status.
    pub(crate) fn code(&self) -> String {
        let body: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let code = body.as_ref().and_then(|body| body.get("code")).and_then(serde_json::Value::as_str);
        code.map_or_else(|| format!("status {}", self.status.as_u16()), |code| format!("status {}, {code}", self.status.as_u16()))
    }
}

impl Endpoint {
    /// From a URL such as `http://127.0.0.1:8080`; `ca` is a PEM file of certificates to trust beside those of the system.
    pub(crate) fn new(url: &str, ca: Option<&Path>) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url:?} is not a URL"))?;
        let host = uri.host().ok_or_else(|| anyhow!("{url:?} names no host; write it like http://127.0.0.1:8080"))?.to_owned();
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            bail!("{url:?}: give the server's address only, without {:?}", uri.path());
        }
        let (tls, port) = match uri.scheme_str() {
            Some("http") => (None, 80),
            Some("https") => (Some(connector(ca)?), 443),
            _ => bail!("{url:?}: the address begins with http:// or https://"),
        };
        let port = uri.port_u16().unwrap_or(port);
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        Ok(Self { host: host.trim_matches(['[', ']']).to_owned(), port, authority, tls })
    }

    /// Whether the host is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether connections are encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }
}

fn connector(ca: Option<&Path>) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca {
        let certificates = CertificateDer::pem_file_iter(path).with_context(|| format!("{}: cannot be read", path.display()))?;
        for certificate in certificates {
            roots.add(certificate.with_context(|| format!("{}: not PEM", path.display()))?).with_context(|| path.display().to_string())?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// One connection, opened when it is first needed and again when the server has closed it.
pub(crate) struct Connection {
    endpoint: Endpoint,
    bearer: Option<String>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    pub(crate) fn new(endpoint: Endpoint, bearer: Option<&str>) -> Self {
        Self { endpoint, bearer: bearer.map(|secret| format!("Bearer {secret}")), sender: None }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, "", Bytes::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, media_type: &str, body: Bytes) -> Result<Answer> {
        self.send(Method::POST, path, media_type, body).await
    }

    async fn send(&mut self, method: Method, path: &str, media_type: &str, body: Bytes) -> Result<Answer> {
        let answer = tokio::time::timeout(TIMEOUT, self.exchange(method, path, media_type, body)).await;
        if !matches!(answer, Ok(Ok(_))) {
            self.sender = None;
        }
        answer.map_err(|_| anyhow!("no answer within {} s", TIMEOUT.as_secs()))?
    }

    async fn exchange(&mut self, method: Method, path: &str, media_type: &str, body: Bytes) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.endpoint.authority);
        if let Some(bearer) = &self.bearer {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        if !media_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let request = request.body(Full::new(body)).context("request")?;
        let mut held = self.sender.take();
        if let Some(sender) = &mut held
            && sender.ready().await.is_err()
        {
            held = None;
        }
        let sender = match held {
            Some(sender) => self.sender.insert(sender),
            None => self.sender.insert(self.endpoint.connect().await?),
        };
        let answer = sender.send_request(request).await.map_err(|error| self.endpoint.no_answer(error))?;
        let (parts, body) = answer.into_parts();
        let text = |name| parts.headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        let date = text(header::DATE).map(str::to_owned);
        let retry_after = text(header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        let body = http_body_util::Limited::new(body, ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| anyhow!("the answer broke off: {error}"))?;
        Ok(Answer { status: parts.status, date, retry_after, body: body.to_bytes() })
    }
}

impl Endpoint {
    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let stream =
            TcpStream::connect((self.host.as_str(), self.port)).await.with_context(|| format!("{} cannot be reached", self.authority))?;
        stream.set_nodelay(true).context("socket")?;
        let Some(tls) = &self.tls else { return handshake(stream).await };
        let name = ServerName::try_from(self.host.clone()).with_context(|| format!("{:?} is no host name", self.host))?;
        handshake(tls.connect(name, stream).await.map_err(|error| self.no_tls(error))?).await
    }

    /// Why there is no TLS, with what to do about it.
    fn no_tls(&self, error: io::Error) -> Error {
        use rustls::{CertificateError::UnknownIssuer, Error as Tls};
        let advice = match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(Tls::InvalidMessage(_)) => format!("what answers there speaks no TLS; http://{} may be meant", self.authority),
            Some(Tls::InvalidCertificate(UnknownIssuer)) => {
                "nobody whom this machine trusts vouches for the certificate (or its chain lacks an intermediate); --ca FILE trusts one more"
                    .to_owned()
            }
            _ => return Error::new(error).context("TLS"),
        };
        Error::new(error).context(advice)
    }

    fn no_answer(&self, error: hyper::Error) -> Error {
        if error.is_parse() && !self.is_encrypted() {
            return Error::new(error).context(format!("what answers there speaks no plain HTTP; https://{} may be meant", self.authority));
        }
        Error::new(error).context("no answer")
    }
}

async fn handshake<S>(stream: S) -> Result<SendRequest<Full<Bytes>>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.context("HTTP")?;
    // It ends when the sender is dropped; what goes wrong on it shows in the answer that is waited for.
    tokio::spawn(async move { connection.await.ok() });
    Ok(sender)
}
