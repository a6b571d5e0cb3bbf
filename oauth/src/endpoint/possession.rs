//! The proof of possession that a request at one of our endpoints carries (RFC 9449 section 5).

use crate::app::{Dpop, Managed};
use crate::call::Server;
use crate::client::Client;
use crate::client_metadata::BOUND;
use crate::dpop::{self, Expected, Invalid};
use crate::error::{Code, Error};
use crate::world::Timestamp;
use bytes::Bytes;
use http::Request;

/// The thumbprint of the key that the client proved to have, if it sent a proof. A proof is used up by this.
pub(super) async fn prove(
    server: &Server,
    managed: &Managed,
    request: &Request<Bytes>,
    url: &str,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    if managed.dpop == Dpop::Off {
        return Ok(None);
    }
    let mut sent = request.headers().get_all(dpop::HEADER).iter();
    let Some(proof) = sent.next() else { return Ok(None) };
    let invalid = |why: &str| Error::new(Code::InvalidDpopProof, why);
    if sent.next().is_some() {
        return Err(invalid("there must be one DPoP header"));
    }
    let sealer = server.keys.sealer(now);
    let expected = Expected {
        method: request.method().as_str(),
        url,
        access_token: None,
        nonces: managed.dpop_nonce.then_some(&sealer),
        now,
    };
    let proof = dpop::verify(proof.to_str().unwrap_or_default(), expected).map_err(|why| match why {
        Invalid::Nonce => Error::new(Code::UseDpopNonce, why.to_string()),
        Invalid::Url => invalid(&why.to_string()).logged(format!("{why}, which is `{url}`")),
        why => invalid(&why.to_string()),
    })?;
    if !server.store.use_once(&namespace(&proof.jkt), &proof.jti, proof.until).await? {
        return Err(invalid("the DPoP proof was used before; make a new one for each request")
            .logged(format!("security: DPoP proof of key `{}` replayed", proof.jkt)));
    }
    Ok(Some(proof.jkt))
}

/// Whether a proof may be missing: not where the app requires it, or the client said that it always sends one (section 5.2).
pub(super) fn check(managed: &Managed, client: &Client, jkt: Option<&str>) -> Result<(), Error> {
    let always = client.metadata.get(BOUND).is_some_and(|always| *always == true);
    match managed.dpop {
        Dpop::Required if jkt.is_none() => {
            Err(Error::new(Code::InvalidDpopProof, "this app binds all tokens to a key; send a DPoP proof"))
        }
        Dpop::Optional if jkt.is_none() && always => Err(Error::new(
            Code::InvalidDpopProof,
            "the client registered `dpop_bound_access_tokens`; send a DPoP proof",
        )),
        _ => Ok(()),
    }
}

/// Two keys may call their proofs alike.
fn namespace(jkt: &str) -> String {
    format!("dpop {jkt}")
}
