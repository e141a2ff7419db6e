//! Against a server that speaks S3's protocol (moto; `tools/install.sh moto_server`).

use phoenix_env::objects::SharedObjects;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use url::Url;

struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let path = format!("{}:{}/.local/bin", std::env::var("PATH").unwrap(), std::env::var("HOME").unwrap());
        let process = Command::new("sh")
            .args(["-c", &format!("exec moto_server -H 127.0.0.1 -p {port}")])
            .env("PATH", path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        let mut server = Self { process, port };
        server.wait();
        server
    }

    fn wait(&mut self) {
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("moto_server ended with {status}: is it installed? Run tools/install.sh moto_server");
            }
            #[expect(clippy::disallowed_methods, reason = "a real process is waited for")]
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("moto_server did not listen within 30 s");
    }

    fn settings(&self) -> Vec<(String, String)> {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        [
            ("AWS_ENDPOINT", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("PATH", "/bin"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Makes a bucket: what a person does beforehand. One HTTP request by hand; the server checks no signature.
    fn make_bucket(&self, name: &str) {
        use std::io::{Read, Write};
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(connection, "PUT /{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn open(&self, address: &str) -> SharedObjects {
        phoenix_objects::open(&Url::parse(address).unwrap(), self.settings()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn objects_are_written_read_listed_and_deleted() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server::start();
    server.make_bucket("phoenix");
    let store = server.open("s3://phoenix/some/prefix");
    assert!(store.list("").unwrap().is_empty());

    store.put("logs/a/1.parquet", b"hello").unwrap();
    store.put("logs/a/2.parquet", b"world").unwrap();
    store.put("logs/b", b"").unwrap();
    assert_eq!(store.list("logs/a").unwrap(), ["logs/a/1.parquet", "logs/a/2.parquet"]);
    assert_eq!(store.list("").unwrap().len(), 3);
    assert_eq!(store.read_range("logs/a/2.parquet", 1, 3).unwrap(), b"orl");
    assert_eq!(store.get("logs/a/1.parquet", 10).unwrap(), b"hello");
    assert_eq!(store.size("logs/b").unwrap(), 0);
    assert!(store.read_range("logs/a/1.parquet", 3, 30).is_err());

    // In parts: more than two of them, written in odd pieces.
    let piece: Vec<u8> = (0..1_000_003_u32).map(|i| (i % 251) as u8).collect();
    let mut writer = store.create("large").unwrap();
    for _ in 0..18 {
        writer.write(&piece).unwrap();
    }
    assert!(store.size("large").unwrap_err().is_not_found(), "an unfinished object does not exist");
    writer.finish().unwrap();
    assert_eq!(store.size("large").unwrap(), 18 * piece.len() as u64);
    assert_eq!(store.read_range("large", 17 * piece.len() as u64 + 5, 20).unwrap(), piece[5..25]);

    // Given up, nothing of it exists.
    let mut writer = store.create("given up").unwrap();
    for _ in 0..9 {
        writer.write(&piece).unwrap();
    }
    drop(writer);
    assert!(store.size("given up").unwrap_err().is_not_found());

    // Another prefix of the same bucket is another store.
    assert!(server.open("s3://phoenix/other").list("").unwrap().is_empty());
    assert_eq!(server.open("s3://phoenix").list("some/prefix/logs/a").unwrap().len(), 2);

    store.delete("logs/b").unwrap();
    store.delete("logs/b").unwrap();
    assert!(store.size("logs/b").unwrap_err().is_not_found());
}

#[test]
fn a_missing_bucket_is_a_clear_error() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server::start();
    let error = server.open("s3://nobody").put("x", b"1").unwrap_err().to_string();
    assert!(error.starts_with("cannot write x: ") && error.contains("NoSuchBucket"), "{error}");
}
