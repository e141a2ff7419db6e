//! What of a certificate is told.

use sha2::{Digest, Sha256};
use x509_parser::der_parser::asn1_rs::Oid;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

/// Parts of a name in the order in which Go writes them, that is from the last to the first: the number
/// behind 2.5.4 and the short name.
const PARTS: [(u64, &str); 9] =
    [(5, "SERIALNUMBER"), (3, "CN"), (17, "POSTALCODE"), (9, "STREET"), (8, "ST"), (7, "L"), (11, "OU"), (10, "O"), (6, "C")];

/// A certificate's facts.
#[derive(Debug)]
pub(crate) struct Certificate {
    /// Until when it is valid, in seconds since the Unix epoch.
    pub(crate) not_after: i64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub(crate) fingerprint: String,
    pub(crate) subject: String,
    pub(crate) subject_der: Vec<u8>,
    pub(crate) issuer: String,
    pub(crate) issuer_der: Vec<u8>,
    /// In hexadecimal digits.
    pub(crate) serial: String,
    /// The names of hosts it is for, with commas.
    pub(crate) names: String,
}

impl Certificate {
    /// Reads the bytes that a server showed.
    pub(crate) fn read(der: &[u8]) -> Result<Self, String> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|e| format!("the server's certificate cannot be read: {e}"))?;
        let alternative = certificate.subject_alternative_name().ok().flatten();
        let names: Vec<&str> = alternative
            .iter()
            .flat_map(|extension| &extension.value.general_names)
            .filter_map(|name| match name {
                GeneralName::DNSName(name) => Some(*name),
                _ => None,
            })
            .collect();
        Ok(Self {
            not_after: certificate.validity().not_after.timestamp(),
            fingerprint: hexadecimal(&Sha256::digest(der)),
            subject: in_words(certificate.subject()),
            subject_der: certificate.subject().as_raw().to_vec(),
            issuer: in_words(certificate.issuer()),
            issuer_der: certificate.issuer().as_raw().to_vec(),
            serial: format!("{:x}", certificate.tbs_certificate.serial),
            names: names.join(","),
        })
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A distinguished name as Go's `pkix.Name` writes it: parts of one kind together with `+`, kinds in a fixed
/// order, kinds without a short name last with the bytes of their value.
fn in_words(name: &X509Name<'_>) -> String {
    let mut parts = Vec::new();
    for (number, short) in PARTS {
        let values: Vec<String> = name
            .iter_attributes()
            .filter(|attribute| known(attribute.attr_type()) == Some(number))
            .map(|attribute| format!("{short}={}", escaped(attribute.as_str().unwrap_or_default())))
            .collect();
        if !values.is_empty() {
            parts.push(values.join("+"));
        }
    }
    let others: Vec<_> = name.iter_attributes().filter(|attribute| known(attribute.attr_type()).is_none()).collect();
    for attribute in others.into_iter().rev() {
        let value = attribute.attr_value();
        let mut der = vec![value.header.tag().0 as u8];
        // Short form; longer values are shown by their text below.
        if let (Ok(length), true) = (u8::try_from(value.data.len()), value.data.len() < 128) {
            der.push(length);
            der.extend(value.data);
            parts.push(format!("{}=#{}", attribute.attr_type().to_id_string(), hexadecimal(&der)));
        } else {
            parts.push(format!("{}={}", attribute.attr_type().to_id_string(), escaped(attribute.as_str().unwrap_or_default())));
        }
    }
    parts.join(",")
}

fn known(oid: &Oid<'_>) -> Option<u64> {
    let parts: Vec<u64> = oid.iter()?.collect();
    match parts.as_slice() {
        [2, 5, 4, number] => PARTS.iter().any(|(known, _)| known == number).then_some(*number),
        _ => None,
    }
}

/// RFC 2253, section 2.4.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        let at_the_edge = (index == 0 && matches!(character, ' ' | '#')) || (index == last && character == ' ');
        if at_the_edge || matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
