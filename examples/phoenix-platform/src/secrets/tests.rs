//! The store over real sockets.

#![expect(clippy::disallowed_methods, reason = "tests run in real time on a real disk")]

use super::*;

#[tokio::test]
async fn secrets_are_read_by_those_who_may_and_counted() {
    crate::install_tls();
    let dir = std::env::temp_dir().join(format!("phoenix-platform-secrets-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let ca_file = dir.join("ca.pem");
    let faults = Arc::new(Faults::of(&[Part::Secrets]));
    let kept = Arc::new(Kept::new("opens".to_owned()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = tls::Listener::new(listener, Arc::clone(&faults), &ca_file).unwrap();
    let routes = Router::new().route("/v1/secret/{name}", get(read)).with_state(Arc::clone(&kept));
    tokio::spawn(async move { axum::serve(listener, routes).await });

    let store = |token: &str| Store { address, ca_file: ca_file.clone(), token: token.to_owned() };
    let value = store("opens").read(API_TOKEN).await.unwrap();
    assert_eq!((value.len(), &value), (32, &kept.secrets[API_TOKEN]));
    for (token, name, why) in [("opens", "nobody's", "404"), ("other", API_TOKEN, "403"), ("", API_TOKEN, "403")] {
        let error = store(token).read(name).await.unwrap_err().to_string();
        assert!(error.contains(why), "{token} {name}: {error}");
    }
    assert!(kept.metrics().ends_with("vault_route_read_secret__count 2\n"), "{}", kept.metrics());

    let mut followed = follow(store("opens"), API_TOKEN).await;
    assert_eq!(followed.borrow_and_update().as_ref(), Some(&value));
    // The certificate of the fault is one of the same authority.
    faults.begin(Fault::CertificateExpiring, Duration::from_mins(1));
    assert_eq!(store("opens").read(API_TOKEN).await.unwrap(), value);
    std::fs::remove_dir_all(&dir).unwrap();
}
