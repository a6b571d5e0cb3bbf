//! One order (RFC 8555 section 7.4): the challenge answered, the request made, the certificate fetched.

use super::Failed;
use super::kept::Kept;
use crate::config::AcmeChallenge;
use crate::tls::Challenges;
use instant_acme::{
    Account, AuthorizationStatus, ChallengeHandle, ChallengeType, Identifier, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Orders a certificate for one host.
pub(super) async fn order(
    account: &Account,
    challenges: &Challenges,
    kind: AcmeChallenge,
    host: &str,
) -> Result<Kept, Failed> {
    let identifiers = [Identifier::Dns(host.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    answer(&mut order, challenges, kind, host).await?;
    let patience = RetryPolicy::new().timeout(PATIENCE);
    if order.poll_ready(&patience).await? != OrderStatus::Ready {
        return Err(Failed::Refused(why_refused(&mut order).await));
    }
    // A key of its own for each certificate: one that leaks is worth nothing after the next renewal.
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([host.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    order.finalize_csr(params.serialize_request(&key)?.der()).await?;
    let chain = order.poll_certificate(&patience).await?;
    Kept::new(host, chain, Zeroizing::new(key.serialize_pem()))
}

/// Answers the challenges that are open, and tells the server that it may look.
async fn answer(order: &mut Order, challenges: &Challenges, kind: AcmeChallenge, host: &str) -> Result<(), Failed> {
    let (wanted, name) = match kind {
        AcmeChallenge::TlsAlpn => (ChallengeType::TlsAlpn01, "tls-alpn-01"),
        AcmeChallenge::Http => (ChallengeType::Http01, "http-01"),
    };
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => return Err(Failed::Refused(format!("its authorization is {other:?}").to_lowercase())),
        }
        let mut challenge = authorization.challenge(wanted.clone()).ok_or(Failed::NotOffered(name))?;
        match kind {
            AcmeChallenge::TlsAlpn => challenges.begin_tls(host, certificate(&challenge, host)?),
            AcmeChallenge::Http => {
                challenges.begin_http(host, &challenge.token, challenge.key_authorization().as_str());
            }
        }
        challenge.set_ready().await?;
    }
    Ok(())
}

/// The certificate that answers a challenge (RFC 8737 section 3).
fn certificate(challenge: &ChallengeHandle<'_>, host: &str) -> Result<Arc<CertifiedKey>, Failed> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([host.to_owned()])?;
    let digest = challenge.key_authorization().digest();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
    let certificate = params.self_signed(&key)?;
    let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let private = default_provider().key_provider.load_private_key(private);
    let private = private.map_err(|why| Failed::Unusable(why.to_string()))?;
    // Not checked against its key: what marks it as an answer is an extension that the check knows nothing of.
    Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], private)))
}

/// What the server says of the challenge that failed.
async fn why_refused(order: &mut Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { break };
        let mut errors = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        if let Some(error) = errors.next() {
            return error.to_string();
        }
    }
    "it does not say why".to_owned()
}

/// How long the server may take to look, and again to sign.
const PATIENCE: Duration = Duration::from_secs(60);
