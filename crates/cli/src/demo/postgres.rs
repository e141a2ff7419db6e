//! A throw-away PostgreSQL in the demo's folder.

use super::processes::{Program, find};
use phoenix_env::Disk;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where Debian keeps the server's programs, newest first.
const PLACES: [&str; 4] =
    ["/usr/lib/postgresql/18/bin", "/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin"];

/// A server and the folder that it lives in.
pub(super) struct Postgres {
    pub(super) program: Program,
    /// To be removed at the end: outside of the demo's folder, or owned by another user.
    pub(super) folder: PathBuf,
}

/// Makes a cluster with the database `phoenix`, whose owner is no superuser, and its server on loopback. PostgreSQL refuses to run as root, so as root
/// it runs as its own user, in a folder that this user can reach.
pub(super) async fn prepare(disk: &dyn Disk, dir: &Path, listen: SocketAddr) -> Result<Postgres, String> {
    let missing = || "PostgreSQL's server is not installed; `apt-get install postgresql` brings it".to_owned();
    let initdb = find(disk, "initdb", &PLACES).ok_or_else(missing)?;
    let server = find(disk, "postgres", &PLACES).ok_or_else(missing)?;
    let user = rustix::process::geteuid().is_root().then_some("postgres");
    let folder = folder(dir, user).await?;
    let program = |name, command: PathBuf, arguments: &[&str]| Program {
        name,
        command,
        arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
        variables: vec![("LC_ALL", "C".to_owned())],
        user,
        memory_bytes: None,
        log: folder.join("log"),
    };
    let cluster = folder.join("cluster").display().to_string();
    program("initdb", initdb, &["-D", &cluster, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"]).run().await?;
    let prepare =
        "printf '%s\\n' 'CREATE ROLE phoenix LOGIN;' 'CREATE DATABASE phoenix OWNER phoenix;' | \"$0\" --single -D \"$1\" postgres";
    program("the preparation of PostgreSQL's database", "sh".into(), &["-c", prepare, &server.display().to_string(), &cluster])
        .run()
        .await?;
    let (host, port) = (listen.ip().to_string(), listen.port().to_string());
    let arguments = ["-D", &cluster, "-h", &host, "-p", &port, "-c", "unix_socket_directories=", "-c", "fsync=off"];
    let program = program("postgres", server, &arguments);
    Ok(Postgres { program, folder })
}

/// A folder that `user` owns: below `dir`, or where the system keeps temporary files when the user
/// cannot reach `dir` (a home folder of root's, for example).
async fn folder(dir: &Path, user: Option<&'static str>) -> Result<PathBuf, String> {
    let root = |command: &str, arguments: &[&str], user| Program {
        name: "the preparation of PostgreSQL's folder",
        command: command.into(),
        arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
        variables: Vec::new(),
        user,
        memory_bytes: None,
        log: "/dev/null".into(),
    };
    let below = dir.join("postgres");
    let Some(name) = user else {
        root("mkdir", &["-p", &below.display().to_string()], None).run().await?;
        return Ok(below);
    };
    let reachable = root("test", &["-x", &dir.display().to_string()], user).run().await.is_ok();
    let folder = if reachable { below } else { std::env::temp_dir().join(format!("phoenix-demo-postgres-{}", std::process::id())) };
    root("install", &["-d", "-m", "700", "-o", name, "-g", name, &folder.display().to_string()], None).run().await?;
    Ok(folder)
}
