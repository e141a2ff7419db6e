//! The demo's configuration files, written into its data folder with the addresses of this run.

use phoenix_env::{Disk, DiskError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where the parts of this run listen.
pub(super) struct Addresses {
    pub(super) phoenix: SocketAddr,
    pub(super) otlp: SocketAddr,
    pub(super) api: SocketAddr,
    pub(super) node_exporter: SocketAddr,
    pub(super) postgres_exporter: SocketAddr,
    pub(super) smtp: SocketAddr,
    pub(super) webhook: SocketAddr,
}

/// Writes the files below `dir/config`; gives the path of `phoenix.yaml`.
pub(super) fn write(disk: &dyn Disk, dir: &Path, addresses: &Addresses) -> Result<PathBuf, DiskError> {
    let config = dir.join("config");
    disk.create_dir_all(&config.join("rules"))?;
    disk.create_dir_all(&config.join("dashboards"))?;
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    for (name, text) in [
        ("prometheus.yaml", include_str!("files/prometheus.yaml")),
        ("rules/phoenix.yaml", include_str!("files/rules.yaml")),
        ("alertmanager.yaml", include_str!("files/alertmanager.yaml")),
        ("on-call.yaml", include_str!("files/on-call.yaml")),
        ("promtail.yaml", include_str!("files/promtail.yaml")),
        ("sampling.yaml", include_str!("files/sampling.yaml")),
        ("traces.yaml", include_str!("files/traces.yaml")),
        ("dashboards/phoenix-api.json", include_str!("files/dashboards/phoenix-api.json")),
        ("dashboards/experiments.json", include_str!("files/dashboards/experiments.json")),
        // The ones that are there where nothing is configured.
        ("dashboards/phoenix.json", phoenix_server::STARTER_DASHBOARDS[0].1),
        ("dashboards/host.json", phoenix_server::STARTER_DASHBOARDS[1].1),
        ("phoenix.yaml", include_str!("files/phoenix.yaml")),
    ] {
        let mut text = text.to_owned();
        for (mark, value) in [
            ("@PHOENIX@", addresses.phoenix.to_string()),
            ("@OTLP@", addresses.otlp.to_string()),
            ("@API@", addresses.api.to_string()),
            ("@NODE_EXPORTER@", addresses.node_exporter.to_string()),
            ("@POSTGRES_EXPORTER@", addresses.postgres_exporter.to_string()),
            ("@SMTP@", addresses.smtp.to_string()),
            ("@WEBHOOK@", addresses.webhook.to_string()),
            ("@DATA@", quoted(&dir.join("phoenix"))),
            ("@API_LOG@", quoted(&dir.join("logs/phoenix-api.log"))),
            ("@EXPORTER_LOGS@", quoted(&dir.join("logs/*-exporter.log"))),
            ("@POSTGRES_LOG@", quoted(&dir.join("postgres/log"))),
        ] {
            text = text.replace(mark, &value);
        }
        disk.write_atomic(&config.join(name), text.as_bytes())?;
    }
    Ok(config.join("phoenix.yaml"))
}
