//! An OpenID provider that costs as little as one can: it believes everybody, takes the nonce as the code, and remembers
//! nothing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

struct Provider {
    issuer: String,
    key: SigningKey,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let Some(listen) = std::env::args().nth(1) else {
        eprintln!("usage: provider LISTEN");
        std::process::exit(2);
    };
    let provider = Arc::new(Provider { issuer: format!("http://{listen}"), key: SigningKey::from_bytes(&[7; 32]) });
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let provider = Arc::clone(&provider);
        let service = service_fn(move |request| {
            let provider = Arc::clone(&provider);
            async move { Ok::<_, Infallible>(provider.answer(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl Provider {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let body = match (request.method(), request.uri().path()) {
            (&Method::GET, "/.well-known/openid-configuration") => self.metadata(),
            (&Method::GET, "/jwks") => json!({ "keys": [self.jwk()] }),
            (&Method::POST, "/token") => {
                let sent = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                let nonce = form_urlencoded::parse(&sent).find(|(name, _)| name == "code").map(|(_, code)| code);
                self.tokens(&nonce.unwrap_or_default())
            }
            _ => json!({ "error": "not_found" }),
        };
        let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        response
    }

    fn metadata(&self) -> Value {
        let at = |path: &str| format!("{}/{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "jwks_uri": at("jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        })
    }

    fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "1", "x": x })
    }

    fn tokens(&self, nonce: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = json!({
            "iss": self.issuer, "aud": "bench", "sub": "1", "nonce": nonce, "iat": now, "exp": now + 300,
            "email": "ada@example.com", "email_verified": true, "name": "Ada", "groups": ["staff"],
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "EdDSA", "kid": "1" })), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()).to_bytes());
        json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": format!("{signed}.{signature}") })
    }
}
