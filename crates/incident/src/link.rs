//! Signed links: acknowledge or resolve from a message, without logging in.
//!
//! A token says which incident, which action, for whom and until when, with an HMAC-SHA256 over all
//! of it (RFC 2104). Whoever holds the message can act, once the page behind the link has asked:
//! mail scanners follow links, so only POST may act. The key is made on the first start and kept in
//! the state store.

use crate::incident::{IncidentId, hex, moment};
use hmac::{Hmac, KeyInit, Mac};
use phoenix_model::Secret;
use sha2::Sha256;
use std::time::Duration;

/// How long a link works.
pub const LINK_VALID_FOR: Duration = Duration::from_hours(24);
/// Tokens longer than this are refused unread.
const MAX_TOKEN_BYTES: usize = 2_048;
const VERSION: &str = "1";

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkAction {
    /// Take the incident on.
    Acknowledge,
    /// End the incident.
    Resolve,
}

impl LinkAction {
    /// The verb: `acknowledge`, `resolve`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Resolve => "resolve",
        }
    }
}

/// What a link allows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LinkClaims {
    /// For this incident,
    pub incident: IncidentId,
    /// this action,
    pub action: LinkAction,
    /// in this person's name,
    pub person: String,
    /// until then, in milliseconds since the Unix epoch.
    pub expires_ms: i64,
}

/// Why a link does not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It was cut or changed on its way.
    #[error("this link is not complete or was changed on its way; copy it whole from the message, or open the incident in Phoenix")]
    NotValid,
    /// Its time is over.
    #[error("this link worked until {until}; open the incident in Phoenix to {}", .claims.action.as_str())]
    Expired {
        /// When it ended.
        until: String,
        /// What it allowed, so that the page can lead to the incident.
        claims: LinkClaims,
    },
}

/// Signs and verifies links.
#[derive(Clone, Debug)]
pub struct LinkSigner {
    key: Secret,
}

impl LinkSigner {
    /// With this key.
    pub fn new(key: Secret) -> Self {
        Self { key }
    }

    /// A new key: 32 random bytes in hexadecimal.
    pub fn fresh_key() -> Secret {
        Secret::new(hex(&rand::random::<[u8; 32]>()))
    }

    /// The token for a link: letters, digits and one dot.
    pub fn sign(&self, claims: &LinkClaims) -> String {
        let payload = format!("{VERSION}|{}|{}|{}|{}", claims.incident.0, claims.action.as_str(), claims.expires_ms, claims.person);
        let mac = self.mac(payload.as_bytes()).finalize().into_bytes();
        format!("{}.{}", hex(payload.as_bytes()), hex(&mac))
    }

    /// What a token allows at this moment. The signature is compared in constant time, before
    /// anything of the content is looked at.
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<LinkClaims, LinkError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(LinkError::NotValid);
        }
        let (payload, mac) = token.split_once('.').ok_or(LinkError::NotValid)?;
        let (payload, mac) = (unhex(payload).ok_or(LinkError::NotValid)?, unhex(mac).ok_or(LinkError::NotValid)?);
        self.mac(&payload).verify_slice(&mac).map_err(|_| LinkError::NotValid)?;
        let claims = read(&payload).ok_or(LinkError::NotValid)?;
        if now_ms >= claims.expires_ms {
            return Err(LinkError::Expired { until: format!("{:.0}", moment(claims.expires_ms)), claims });
        }
        Ok(claims)
    }

    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()).expect("HMAC takes keys of any length");
        mac.update(payload);
        mac
    }
}

fn read(payload: &[u8]) -> Option<LinkClaims> {
    let text = std::str::from_utf8(payload).ok()?;
    let mut parts = text.splitn(5, '|');
    if parts.next()? != VERSION {
        return None;
    }
    let incident = IncidentId(parts.next()?.parse().ok()?);
    let action = match parts.next()? {
        "acknowledge" => LinkAction::Acknowledge,
        "resolve" => LinkAction::Resolve,
        _ => return None,
    };
    let expires_ms = parts.next()?.parse().ok()?;
    Some(LinkClaims { incident, action, person: parts.next()?.to_owned(), expires_ms })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signer() -> LinkSigner {
        LinkSigner::new(Secret::new("a key for tests"))
    }

    fn claims(person: &str) -> LinkClaims {
        LinkClaims { incident: IncidentId(42), action: LinkAction::Acknowledge, person: person.to_owned(), expires_ms: 1_000 }
    }

    #[test]
    fn a_link_works_until_it_expires_and_then_says_so() {
        let token = signer().sign(&claims("anna"));
        assert_eq!(signer().verify(&token, 999), Ok(claims("anna")));
        let error = signer().verify(&token, 1_000).unwrap_err();
        assert_eq!(error.to_string(), "this link worked until 1970-01-01T00:00:01Z; open the incident in Phoenix to acknowledge");
    }

    #[test]
    fn another_key_does_not_fit() {
        let token = LinkSigner::new(LinkSigner::fresh_key()).sign(&claims("anna"));
        assert_eq!(signer().verify(&token, 0), Err(LinkError::NotValid));
        assert_ne!(LinkSigner::fresh_key(), LinkSigner::fresh_key());
    }

    /// From RFC 4231, test case 2, through this module's own use of the primitive.
    #[test]
    fn the_primitive_is_hmac_sha256() {
        let signer = LinkSigner::new(Secret::new("Jefe"));
        let mac = signer.mac(b"what do ya want for nothing?").finalize().into_bytes();
        assert_eq!(hex(&mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    proptest! {
        #[test]
        fn any_person_comes_back(person in ".{0,40}", id in 1_i64.., resolve: bool) {
            let claims = LinkClaims {
                incident: IncidentId(id),
                action: if resolve { LinkAction::Resolve } else { LinkAction::Acknowledge },
                ..claims(&person)
            };
            prop_assert_eq!(signer().verify(&signer().sign(&claims), 0), Ok(claims));
        }

        /// One changed, lost or added character anywhere makes a link invalid.
        #[test]
        fn tampering_is_noticed(place in 0_usize..200, change in "[0-9a-f.]{0,2}") {
            let token = signer().sign(&claims("anna"));
            let place = place.min(token.len() - 1);
            let tampered = format!("{}{change}{}", &token[..place], &token[place + 1..]);
            prop_assume!(tampered != token);
            prop_assert_eq!(signer().verify(&tampered, 0), Err(LinkError::NotValid));
        }

        #[test]
        fn rubbish_never_panics(token in ".{0,60}|[0-9a-f]{0,40}\\.[0-9a-f]{0,64}") {
            prop_assert_eq!(signer().verify(&token, 0), Err(LinkError::NotValid));
        }
    }
}
