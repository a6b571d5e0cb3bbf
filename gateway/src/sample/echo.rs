//! `POST /echo`: the request, given back as JSON.

use http::{Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::json;

use super::{Reply, caller};

pub(super) async fn answer(request: Request<Incoming>) -> Reply {
    let (request, body) = request.into_parts();
    let body = match Limited::new(body, MOST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let refusal = json!({ "error": "too_large", "limit": MOST });
            return super::json(StatusCode::PAYLOAD_TOO_LARGE, &refusal);
        }
        Err(_) => {
            let refusal = json!({ "error": "broken_body" });
            return super::json(StatusCode::BAD_REQUEST, &refusal);
        }
    };
    let echo = json!({
        "method": request.method.as_str(),
        "headers": caller::listed(&request.headers),
        "length": body.len(),
        "body": String::from_utf8_lossy(&body),
    });
    super::json(StatusCode::OK, &echo)
}

/// The longest body that is given back, in bytes.
pub(super) const MOST: usize = 64 * 1024;
