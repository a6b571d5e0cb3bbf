//! The authorization server: one function from a request at one of its endpoints to a [`Reply`].

use crate::call::{Call, Endpoint, Reply, Server};
use crate::dpop;
use crate::endpoint::{
    authorization, authorization_server, client_configuration, device_authorization, introspection, jwks,
    protected_resource, pushed_authorization_request, registration, revocation, token, unless_known,
};
use crate::error::{Code, Error};
use crate::store::KeyPurpose;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

impl Server {
    /// Answers a call.
    pub async fn answer(&self, call: Call<'_>, request: &Request<Bytes>) -> Reply {
        if *call.endpoint == Endpoint::Authorization {
            return authorization::answer(self, call, request).await.unwrap_or_else(|reply| reply);
        }
        let mut response = match self.answer_client(call, request).await {
            Ok(response) => unless_known(request.headers(), response),
            Err(error) => self.refusal(error, call),
        };
        allow_every_origin(&mut response);
        Reply::Response(response)
    }

    fn refusal(&self, error: Error, call: Call<'_>) -> Response<Bytes> {
        let wants_nonce = error.code == Code::UseDpopNonce;
        let mut response = error.into_response();
        let nonce = HeaderValue::from_str(&dpop::nonce(&self.keys.sealer(call.now), &*self.random, call.now));
        if let (true, Ok(nonce)) = (wants_nonce, nonce) {
            response.headers_mut().insert(dpop::NONCE_HEADER, nonce);
        }
        response
    }

    async fn answer_client(&self, call: Call<'_>, request: &Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let Some(managed) = &call.app.managed else {
            return Err(Error::new(Code::NotFound, "this app has no managed OAuth"));
        };
        let methods = methods(call.endpoint);
        if request.method() == Method::OPTIONS {
            return Ok(preflight(methods));
        }
        if let Endpoint::ClientConfiguration { client } = call.endpoint {
            // It asks for its token before it looks at the method.
            return client_configuration::answer(self, (call.app, managed), client, request, call.now).await;
        }
        if !methods.split(", ").any(|method| method == request.method().as_str()) {
            let refused = Code::MethodNotAllowed { allow: methods };
            return Err(Error::new(refused, "this endpoint does not know the method"));
        }
        match call.endpoint {
            Endpoint::ProtectedResource { resource } => protected_resource::answer(call.app, managed, resource),
            Endpoint::AuthorizationServer => Ok(authorization_server::answer(call.app, managed)),
            Endpoint::Jwks => {
                let algorithms = [managed.signing_algorithm.key()];
                let keys = self.keys.published(KeyPurpose::AccessToken, &algorithms, call.now);
                Ok(jwks::answer(&keys, self.keys_max_age))
            }
            Endpoint::Registration => registration::answer(self, (call.app, managed), request, call.now).await,
            Endpoint::PushedAuthorizationRequest => {
                pushed_authorization_request::answer(self, (call, managed), request).await
            }
            Endpoint::Token => token::answer(self, (call.app, managed), request, call.now).await,
            Endpoint::DeviceAuthorization => device_authorization::answer(self, (call, managed), request).await,
            Endpoint::Revocation => revocation::answer(self, call.app, request, call.now).await,
            Endpoint::Introspection => introspection::answer(self, call.app, request, call.now).await,
            Endpoint::Authorization | Endpoint::ClientConfiguration { .. } => {
                Err(Error::new(Code::NotFound, "answered elsewhere"))
            }
        }
    }
}

/// The methods that an endpoint takes, as `Allow` names them.
const fn methods(endpoint: &Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Registration
        | Endpoint::PushedAuthorizationRequest
        | Endpoint::Token
        | Endpoint::DeviceAuthorization
        | Endpoint::Revocation
        | Endpoint::Introspection => "POST, OPTIONS",
        Endpoint::ClientConfiguration { .. } => client_configuration::METHODS,
        Endpoint::ProtectedResource { .. }
        | Endpoint::AuthorizationServer
        | Endpoint::Jwks
        | Endpoint::Authorization => "GET, HEAD, OPTIONS",
    }
}

/// Pages of any origin may call these endpoints: nothing here is decided by a cookie.
fn allow_every_origin(response: &mut Response<Bytes>) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    const EXPOSED: HeaderValue = HeaderValue::from_static("WWW-Authenticate, DPoP-Nonce, Doorward-Decision");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

fn preflight(methods: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version, MCP-Session-Id"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}
