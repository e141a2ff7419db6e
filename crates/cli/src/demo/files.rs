//! The demo's configuration files, written into its data folder with the addresses of this run.

use super::faults::Targets;
use super::rules;
use phoenix_env::{Disk, DiskError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where the parts of this run listen.
pub(super) struct Addresses {
    pub(super) phoenix: SocketAddr,
    pub(super) otlp: SocketAddr,
    pub(super) api: SocketAddr,
    pub(super) controller: SocketAddr,
    pub(super) collector: SocketAddr,
    pub(super) secrets: SocketAddr,
    pub(super) secrets_tls: SocketAddr,
    pub(super) exporter: SocketAddr,
    pub(super) node_exporter: SocketAddr,
    pub(super) postgres_exporter: SocketAddr,
    pub(super) smtp: SocketAddr,
    pub(super) webhook: SocketAddr,
}

/// Where the secret store writes the certificate of its authority.
pub(super) fn ca_file(dir: &Path) -> PathBuf {
    dir.join("config/secrets-ca.pem")
}

/// The file that discovery reads of where the controller is.
pub(super) fn controller_targets(dir: &Path, controller: SocketAddr) -> Targets {
    let text = format!("[{{\"targets\": [\"{controller}\"], \"labels\": {{\"service\": \"phoenix-controller\"}}}}]\n");
    Targets { path: dir.join("config/targets/phoenix-controller.json"), text }
}

/// Writes the files below `dir/config`; gives the path of `phoenix.yaml`.
pub(super) fn write(disk: &dyn Disk, dir: &Path, postgres: &Path, addresses: &Addresses) -> Result<PathBuf, DiskError> {
    let config = dir.join("config");
    disk.create_dir_all(&config.join("rules"))?;
    disk.create_dir_all(&config.join("dashboards"))?;
    disk.create_dir_all(&config.join("targets"))?;
    let targets = controller_targets(dir, addresses.controller);
    disk.write_atomic(&targets.path, targets.text.as_bytes())?;
    for (name, text) in rules::files() {
        disk.write_atomic(&config.join(name), text.as_bytes())?;
    }
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    for (name, text) in [
        ("prometheus.yaml", include_str!("files/prometheus.yaml")),
        ("alertmanager.yaml", include_str!("files/alertmanager.yaml")),
        ("on-call.yaml", include_str!("files/on-call.yaml")),
        ("probes.yaml", include_str!("files/probes.yaml")),
        ("promtail.yaml", include_str!("files/promtail.yaml")),
        ("sampling.yaml", include_str!("files/sampling.yaml")),
        ("traces.yaml", include_str!("files/traces.yaml")),
        ("dashboards/phoenix-api.json", include_str!("files/dashboards/phoenix-api.json")),
        ("dashboards/experiments.json", include_str!("files/dashboards/experiments.json")),
        ("dashboards/strategy-executive.json", include_str!("../../../../configs/dashboards/executive.json")),
        ("dashboards/strategy-operations.json", include_str!("../../../../configs/dashboards/operations.json")),
        ("dashboards/strategy-experiments.json", include_str!("../../../../configs/dashboards/experiments.json")),
        // The ones that are there where nothing is configured.
        ("dashboards/phoenix.json", phoenix_server::STARTER_DASHBOARDS[0].1),
        ("dashboards/host.json", phoenix_server::STARTER_DASHBOARDS[1].1),
        ("phoenix.yaml", include_str!("files/phoenix.yaml")),
    ] {
        let mut text = text.to_owned();
        for (mark, value) in [
            ("@INHIBIT_RULES@", rules::inhibitions().to_owned()),
            ("@PHOENIX@", addresses.phoenix.to_string()),
            ("@OTLP@", addresses.otlp.to_string()),
            ("@API@", addresses.api.to_string()),
            ("@COLLECTOR@", addresses.collector.to_string()),
            ("@SECRETS@", addresses.secrets.to_string()),
            ("@SECRETS_TLS@", addresses.secrets_tls.to_string()),
            ("@EXPORTER@", addresses.exporter.to_string()),
            ("@NODE@", node.clone()),
            ("@CA_FILE@", quoted(&ca_file(dir))),
            ("@NODE_EXPORTER@", addresses.node_exporter.to_string()),
            ("@POSTGRES_EXPORTER@", addresses.postgres_exporter.to_string()),
            ("@SMTP@", addresses.smtp.to_string()),
            ("@WEBHOOK@", addresses.webhook.to_string()),
            ("@DATA@", quoted(&dir.join("phoenix"))),
            ("@API_LOG@", quoted(&dir.join("logs/phoenix-api.log"))),
            ("@CONTROLLER_LOG@", quoted(&dir.join("logs/phoenix-controller.log"))),
            ("@COLLECTOR_LOG@", quoted(&dir.join("logs/otel-collector.log"))),
            ("@SECRETS_LOG@", quoted(&dir.join("logs/vault.log"))),
            ("@EXPORTER_LOGS@", quoted(&dir.join("logs/*-exporter.log"))),
            ("@POSTGRES_LOG@", quoted(&postgres.join("log"))),
        ] {
            text = text.replace(mark, &value);
        }
        disk.write_atomic(&config.join(name), text.as_bytes())?;
    }
    Ok(config.join("phoenix.yaml"))
}
