//! The headers that a request carries: authentication and what `http_headers` adds.

use crate::{HttpConfig, HttpError};
use phoenix_env::Disk;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use std::path::Path;

/// The longest secret that is read from a file.
const SECRET_LIMIT_BYTES: u64 = 1 << 20;

/// Builds the headers of one request. Secrets in files are read now.
pub(crate) fn headers(config: &HttpConfig, disk: &dyn Disk) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::new();
    if let Some(basic) = &config.basic_auth {
        let username = match &basic.username_file {
            Some(path) => secret(disk, "username_file", path)?,
            None => basic.username.clone(),
        };
        let password = match &basic.password_file {
            Some(path) => secret(disk, "password_file", path)?,
            None => basic.password.expose().to_owned(),
        };
        let value = format!("Basic {}", base64(format!("{username}:{password}").as_bytes()));
        headers.insert(AUTHORIZATION, sensitive("basic_auth", &value)?);
    }
    if let Some(authorization) = &config.authorization {
        let credentials = match (&authorization.credentials_file, &authorization.credentials) {
            (Some(path), _) => Some(secret(disk, "credentials_file", path)?),
            (None, Some(credentials)) => Some(credentials.expose().to_owned()),
            (None, None) => None,
        };
        if let Some(credentials) = credentials {
            let value = format!("{} {credentials}", authorization.scheme.trim());
            headers.insert(AUTHORIZATION, sensitive("authorization", &value)?);
        }
    }
    for (name, header) in &config.http_headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HttpError::Setup(format!("`{name}` is not a header's name")))?;
        for value in &header.values {
            headers.append(&name, sensitive("http_headers", value)?);
        }
        for value in &header.secrets {
            headers.append(&name, sensitive("http_headers", value.expose())?);
        }
        for path in &header.files {
            headers.append(&name, sensitive("http_headers", &secret(disk, "http_headers", path)?)?);
        }
    }
    Ok(headers)
}

fn secret(disk: &dyn Disk, what: &'static str, path: &Path) -> Result<String, HttpError> {
    let bytes = disk.read(path, SECRET_LIMIT_BYTES).map_err(|source| HttpError::File { what, source })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(_) => Err(HttpError::Content { what, path: path.to_owned(), reason: "is not UTF-8 text".to_owned() }),
    }
}

fn sensitive(key: &str, value: &str) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| HttpError::Setup(format!("the value of `{key}` has a character that a header can't hold, such as a line break")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Standard base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = u32::from(chunk[0]) << 16 | u32::from(*chunk.get(1).unwrap_or(&0)) << 8 | u32::from(*chunk.get(2).unwrap_or(&0));
        for position in 0..4 {
            let sextet = (group >> (18 - 6 * position)) & 63;
            out.push(if position <= chunk.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_follows_the_test_vectors_of_rfc_4648() {
        for (text, want) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), want);
        }
    }
}
