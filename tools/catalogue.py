#!/usr/bin/env python3
"""Renews the lines of crates/lint/catalogue/*.tsv that were read from real programs.

One line a metric, in tabs: name, type, unit or `-`, labels apart by commas or `-`, and where it is from. The name is that of a
counter's sample, and that of a histogram or summary without `_bucket`, `_sum` and `_count`; NAME_* stands for a family. Labels
are without job and instance; `*` says that there may be more. `documentation; now NAME` says what an old name became.

Starts each program on loopback for seconds, reads what it exposes, ends it by its id. Lines from
documentation stay as they are, except where the program now shows the same metric.

    tools/catalogue.py            # all programs
    tools/catalogue.py node redis # only these
    tools/catalogue.py --sort     # starts nothing: sorts and checks the files

Needs root (databases run as their own users) and Debian's packages:
    tools/debian.sh prometheus prometheus-alertmanager prometheus-node-exporter prometheus-postgres-exporter \\
        prometheus-blackbox-exporter prometheus-pushgateway prometheus-mysqld-exporter mariadb-server \\
        prometheus-redis-exporter redis-server prometheus-nginx-exporter nginx haproxy etcd-server \\
        prometheus-process-exporter prometheus-apache-exporter apache2-bin prometheus-snmp-exporter \\
        postgresql-15 python3-prometheus-client
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "crates/lint/catalogue"
TYPES = {"counter", "gauge", "histogram", "summary", "info", "untyped"}
# What every scrape adds, and what belongs to histograms and summaries.
NOT_LISTED = {"job", "instance", "le", "quantile"}
# What a network card's driver counts: a line node_ethtool_* stands for all of them.
OF_DRIVERS = re.compile(r"node_ethtool_(?!info$)")
# Declared as gauges, but only ever growing; declared as counters, but asked for as they are: both uses are right.
BOTH = {
    "apache_uptime_seconds_total", "pg_stat_bgwriter_stats_reset_total", "pg_stat_database_stats_reset",
    "etcd_disk_wal_write_bytes_total", "etcd_grpc_proxy_cache_hits_total", "etcd_grpc_proxy_cache_misses_total",
    "etcd_debugging_mvcc_total_put_size_in_bytes", "etcd_server_proposals_applied_total", "etcd_server_proposals_committed_total",
    "mysql_binlog_file_number", "mysql_info_schema_innodb_metrics_lock_lock_deadlocks", "mysql_info_schema_innodb_metrics_lock_lock_timeouts",
    "node_nf_conntrack_stat_drop", "node_nf_conntrack_stat_early_drop", "node_nf_conntrack_stat_found", "node_nf_conntrack_stat_ignore",
    "node_nf_conntrack_stat_insert", "node_nf_conntrack_stat_insert_failed", "node_nf_conntrack_stat_invalid",
    "node_nf_conntrack_stat_search_restart", "redis_aof_delayed_fsync", "redis_connected_slave_offset_bytes", "redis_defrag_hits",
    "redis_defrag_key_hits", "redis_defrag_key_misses", "redis_defrag_misses", "redis_expired_time_cap_reached_total",
    "redis_master_repl_offset", "redis_replica_partial_resync_accepted", "redis_replica_partial_resync_denied",
    "redis_replica_resyncs_full", "redis_slave_repl_offset", "redis_slowlog_last_id",
}
UNITS = [
    ("seconds", r"_seconds(_total)?$"),
    ("seconds", r"_(timestamp|time)(_total)?$"),
    ("bytes", r"_(bytes|octets)(_total)?$"),
    ("ratio", r"_ratio$"),
    ("celsius", r"_celsius$"),
    ("hertz", r"_(hertz|hz)$"),
    ("volts", r"_volts$"),
    ("watts", r"_watts?$"),
    ("joules", r"_joules(_total)?$"),
    ("amperes", r"_(amps|amperes)$"),
    ("percent", r"_percent(age)?$"),
    ("milliseconds", r"_(milliseconds|millis|ms)(_total)?$"),
]


def unit(name):
    """The unit that a metric's name tells."""
    return next((unit for unit, ending in UNITS if re.search(ending, name)), "-")


def exposition(text):
    """What a page of Prometheus' text format shows: name -> (type, labels). Without a sample the labels are not known: `*`."""
    found, current, sampled = {}, None, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()[:4]
            kind = {"unknown": "untyped"}.get(kind, kind)
            found[name] = (kind, set())
            current = name
        elif line and not line.startswith("#"):
            match = re.match(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})?\s", line)
            name, labels = match.group(1), match.group(2) or ""
            # OpenMetrics names the family; what is asked for is the sample.
            if current is not None and name in (f"{current}_total", f"{current}_info") and not found[current][1]:
                kind, _ = found.pop(current)
                found[name], current = (kind, set()), name
            if current is None or re.sub(r"_(bucket|sum|count)$", "", name) != current and name != current:
                current = name
                found.setdefault(name, ("untyped", set()))
            names = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="(?:[^"\\]|\\.)*"', labels)
            found[current][1].update(set(names) - NOT_LISTED)
            sampled.add(current)
    for name in found.keys() - sampled:
        found[name][1].add("*")
    return found


class Running:
    """Programs that were started, and the folder that they may write to."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="catalogue-"))
        self.folder.chmod(0o755)
        self.started = []
        self.port = 19400

    def next_port(self):
        self.port += 1
        return self.port

    def own(self, name, user):
        """A folder below ours that `user` owns."""
        path = self.folder / name
        path.mkdir()
        shutil.chown(path, user)
        return path

    def start(self, *command, user=None, env=None):
        log = open(self.folder / f"{len(self.started)}.log", "w")
        process = subprocess.Popen(
            [str(c) for c in command], stdout=log, stderr=log, user=user, cwd=self.folder, env={**os.environ, **(env or {})}
        )
        self.started.append(process)
        return process

    def read(self, port, path="/metrics", wait_s=20, times=2):
        """The last of several reads, so that what counts the reads is there."""
        end, text, read = time.monotonic() + wait_s, "", 0
        while read < times:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=15) as answer:
                    text, read = answer.read().decode(), read + 1
            except OSError as error:
                if time.monotonic() > end:
                    raise RuntimeError(f"nothing answers at 127.0.0.1:{port}{path}: {error}; logs are in {self.folder}") from error
                time.sleep(0.3)
        return exposition(text)

    def end(self):
        for process in reversed(self.started):
            process.terminate()
        for process in self.started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder)


def version(command, pattern=r"version v?(\d[\w.]*)"):
    out = subprocess.run(command, capture_output=True, text=True)
    return re.search(pattern, out.stdout + out.stderr).group(1)


def listen(port):
    return f"--web.listen-address=127.0.0.1:{port}"


def node(run):
    program, port = "prometheus-node-exporter", run.next_port()
    out = subprocess.run([program, "--help"], capture_output=True, text=True)
    collectors = re.findall(r"--(?:\[no-\])?collector\.(\S+)\s+Enable the", out.stdout + out.stderr)
    run.start(program, listen(port), *[f"--collector.{name}" for name in collectors])
    return f"node_exporter {version([program, '--version'])}", run.read(port)


def postgres_cluster(run):
    places = pathlib.Path("/usr/lib/postgresql").glob("*/bin")
    bin_folder, port = max(places, key=lambda p: int(p.parent.name)), run.next_port()
    cluster = run.own("postgres", "postgres") / "cluster"
    env = {"LC_ALL": "C"}
    subprocess.run(
        [bin_folder / "initdb", "-D", cluster, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"],
        check=True, capture_output=True, user="postgres", env={**os.environ, **env}, cwd="/",
    )
    settings = ["unix_socket_directories=", "fsync=off", "shared_preload_libraries=pg_stat_statements", "archive_mode=on",
                "archive_command=true", "wal_level=replica"]
    run.start(bin_folder / "postgres", "-D", cluster, "-h", "127.0.0.1", "-p", port,
              *[part for s in settings for part in ("-c", s)], user="postgres", env=env)

    def sql(text):
        return subprocess.run(["psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-c", text], capture_output=True, text=True)

    for _ in range(60):
        if sql("select 1").returncode == 0:
            break
        time.sleep(0.3)
    for text in ("create extension pg_stat_statements", "create table seen(a int)", "insert into seen select generate_series(1, 100)",
                 "select pg_create_physical_replication_slot('one', true)", "analyze", "select count(*) from seen"):
        done = sql(text)
        if done.returncode != 0:
            raise RuntimeError(f"{text}: {done.stderr}")
    return port


def postgres(run):
    program, database, port = "prometheus-postgres-exporter", postgres_cluster(run), run.next_port()
    out = subprocess.run([program, "--help"], capture_output=True, text=True)
    collectors = re.findall(r"--(?:\[no-\])?collector\.(\S+)\s+Enable the", out.stdout + out.stderr)
    run.start(program, listen(port), *[f"--collector.{name}" for name in collectors],
              env={"DATA_SOURCE_NAME": f"postgresql://postgres@127.0.0.1:{database}/postgres?sslmode=disable"})
    run.read(port)
    time.sleep(1)
    return f"postgres_exporter {version([program, '--version'])}", run.read(port)


def blackbox(run):
    program, port, target = "prometheus-blackbox-exporter", run.next_port(), run.next_port()
    config = run.folder / "blackbox.yml"
    config.write_text(
        "modules:\n"
        "  http: {prober: http}\n  tcp: {prober: tcp}\n  icmp: {prober: icmp, icmp: {preferred_ip_protocol: ip4}}\n"
        "  matched: {prober: http, http: {fail_if_body_not_matches_regexp: [x]}}\n"
        "  tls: {prober: http, http: {tls_config: {insecure_skip_verify: true}, fail_if_not_ssl: true}}\n"
        "  dns: {prober: dns, dns: {query_name: example.org, preferred_ip_protocol: ip4}}\n")
    run.start(program, listen(port), f"--config.file={config}")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", run.folder / "key", "-out",
                    run.folder / "cert", "-days", "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
    run.start("openssl", "s_server", "-accept", f"127.0.0.1:{target}", "-key", run.folder / "key", "-cert", run.folder / "cert", "-www")
    found = run.read(port)
    time.sleep(1)
    for module, address in (("http", f"http://127.0.0.1:{port}/"), ("matched", f"http://127.0.0.1:{port}/"), ("tcp", f"127.0.0.1:{port}"),
                            ("icmp", "127.0.0.1"), ("tls", f"https://127.0.0.1:{target}/"), ("dns", f"127.0.0.1:{port}")):
        found.update(run.read(port, f"/probe?module={module}&target={address}"))
    return f"blackbox_exporter {version([program, '--version'])}", found


def prometheus(run):
    port, manager = run.next_port(), run.next_port()
    (run.folder / "rules.yml").write_text("groups:\n- name: g\n  interval: 1s\n  rules:\n  - alert: A\n    expr: up == 1\n  - record: r\n    expr: up\n")
    (run.folder / "prometheus.yml").write_text(
        f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n"
        f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{manager}']}}]}}]}}\n"
        f"scrape_configs: [{{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
        f"remote_write: [{{url: 'http://127.0.0.1:{port}/api/v1/write'}}]\nremote_read: [{{url: 'http://127.0.0.1:{port}/api/v1/read'}}]\n")
    run.start("prometheus", f"--config.file={run.folder}/prometheus.yml", f"--storage.tsdb.path={run.folder}/data", listen(port),
              "--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage,native-histograms,extra-scrape-metrics")
    run.read(port)
    time.sleep(8)
    run.read(port, "/federate?match[]=up")
    return f"prometheus {version(['prometheus', '--version'])}", run.read(port)


def alertmanager(run):
    program, port = "prometheus-alertmanager", run.next_port()
    (run.folder / "am.yml").write_text(
        f"route: {{receiver: r, group_wait: 0s, group_interval: 1s}}\nreceivers: [{{name: r, webhook_configs: [{{url: 'http://127.0.0.1:{port}/x'}}]}}]\n")
    run.start(program, f"--config.file={run.folder}/am.yml", f"--storage.path={run.folder}/am", listen(port), f"--cluster.listen-address=127.0.0.1:{run.next_port()}")
    run.read(port)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v2/alerts", b'[{"labels":{"alertname":"A"}}]', {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()
    time.sleep(4)
    return f"alertmanager {version([program, '--version'])}", run.read(port)


def pushgateway(run):
    program, port = "prometheus-pushgateway", run.next_port()
    run.start(program, listen(port))
    run.read(port)
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/metrics/job/j", b"catalogue_pushed 1\n", method="PUT"), timeout=10).close()
    found = run.read(port)
    found.pop("catalogue_pushed")
    return f"pushgateway {version([program, '--version'])}", found


def mysqld(run):
    database, port = run.next_port(), run.next_port()
    data = run.own("mysql", "mysql")
    subprocess.run(["mariadb-install-db", "--user=mysql", f"--datadir={data}/db", "--auth-root-authentication-method=normal", "--no-defaults"],
                   check=True, capture_output=True)
    run.start("/usr/sbin/mariadbd", "--no-defaults", f"--datadir={data}/db", f"--port={database}", "--bind-address=127.0.0.1",
              f"--socket={data}/socket", f"--pid-file={data}/pid", "--performance-schema=ON", f"--log-bin={data}/binlog", "--server-id=1",
              "--userstat=ON", user="mysql")
    program, config = "prometheus-mysqld-exporter", run.folder / "my.cnf"
    config.write_text(f"[client]\nuser=root\nhost=127.0.0.1\nport={database}\n")
    for _ in range(60):
        if subprocess.run(["mariadb-admin", f"--socket={data}/socket", "-uroot", "ping"], capture_output=True).returncode == 0:
            break
        time.sleep(0.5)
    subprocess.run(["mariadb", f"--socket={data}/socket", "-uroot", "-e",
                    "create database c; create table c.t(a int primary key auto_increment) engine=innodb; insert into c.t values (1)"],
                   check=True, capture_output=True)
    out = subprocess.run([program, "--help"], capture_output=True, text=True)
    collectors = re.findall(r"--(?:\[no-\])?collect\.(\S+)\s+Collect ", out.stdout + out.stderr)
    run.start(program, listen(port), f"--config.my-cnf={config}", *[f"--collect.{name}" for name in collectors if "=" not in name],
              env={"DATA_SOURCE_NAME": f"root@(127.0.0.1:{database})/"})
    return f"mysqld_exporter {version([program, '--version'])}", run.read(port)


def redis(run):
    server, replica, port = run.next_port(), run.next_port(), run.next_port()
    common = ["--bind", "127.0.0.1", "--save", "", "--dir", run.own("redis", "redis")]
    run.start("redis-server", "--port", server, *common, "--appendonly", "yes", user="redis")
    time.sleep(0.5)
    run.start("redis-server", "--port", replica, *common, "--replicaof", f"127.0.0.1 {server}", user="redis")
    time.sleep(2)
    subprocess.run(["redis-cli", "-p", str(server), "set", "k", "v", "ex", "1000"], check=True, capture_output=True)
    program = "prometheus-redis-exporter"
    run.start(program, f"--web.listen-address=127.0.0.1:{port}", f"--redis.addr=redis://127.0.0.1:{server}", "--check-keys=k", "--include-system-metrics",
              "--export-client-list")
    found = run.read(port)
    found.update({k: v for k, v in run.read(port, f"/scrape?target=redis://127.0.0.1:{replica}").items() if k not in found})
    return f"redis_exporter {dpkg(program)}", found


def dpkg(package):
    """Debian's version without its own part, for programs that do not tell theirs."""
    out = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True, check=True)
    return re.sub(r"^\d+:|[-+].*$", "", out.stdout)


def nginx(run):
    web, port = run.next_port(), run.next_port()
    config = run.folder / "nginx.conf"
    config.write_text(f"pid {run.folder}/nginx.pid; error_log {run.folder}/nginx.log; daemon off; events {{}} http {{ access_log off; "
                      f"server {{ listen 127.0.0.1:{web}; location /s {{ stub_status; }} }} }}\n")
    run.start("/usr/sbin/nginx", "-c", config)
    program = "prometheus-nginx-exporter"
    run.start(program, f"-web.listen-address=127.0.0.1:{port}", f"-nginx.scrape-uri=http://127.0.0.1:{web}/s")
    return f"nginx_exporter {dpkg(program)}", run.read(port)


def apache(run):
    web, port = run.next_port(), run.next_port()
    config = run.folder / "apache.conf"
    modules = "".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n" for m in ("mpm_event", "authz_core", "status"))
    config.write_text(f"{modules}ServerName localhost\nListen 127.0.0.1:{web}\nPidFile {run.folder}/apache.pid\nErrorLog {run.folder}/apache.log\n"
                      f"User www-data\nGroup www-data\nDocumentRoot {run.folder}\nDefaultRuntimeDir {run.folder}\nExtendedStatus On\n"
                      "<Location /server-status>\nSetHandler server-status\n</Location>\n")
    run.start("/usr/sbin/apache2", "-f", config, "-X")
    program = "prometheus-apache-exporter"
    run.start(program, f"--telemetry.address=127.0.0.1:{port}", f"--scrape_uri=http://127.0.0.1:{web}/server-status?auto")
    return f"apache_exporter {version([program, '--version'])}", run.read(port)


def haproxy(run):
    web, port = run.next_port(), run.next_port()
    config = run.folder / "haproxy.cfg"
    config.write_text(
        "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n"
        f"frontend f\n  bind 127.0.0.1:{web}\n  stick-table type ip size 1k store conn_cur\n  default_backend b\n"
        f"backend b\n  server s 127.0.0.1:{port} check\n"
        f"frontend m\n  bind 127.0.0.1:{port}\n  http-request use-service prometheus-exporter if {{ path /metrics }}\n")
    run.start("haproxy", "-db", "-f", config)
    return f"haproxy {version(['haproxy', '-v'])}", run.read(port)


def etcd(run):
    port, peer = run.next_port(), run.next_port()
    run.start("etcd", "--data-dir", run.folder / "etcd", "--listen-client-urls", f"http://127.0.0.1:{port}", "--advertise-client-urls",
              f"http://127.0.0.1:{port}", "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls",
              f"http://127.0.0.1:{peer}", "--initial-cluster", f"default=http://127.0.0.1:{peer}", "--metrics=extensive",
              "--listen-metrics-urls", f"http://127.0.0.1:{run.next_port()}")
    run.read(port)
    for path, body in (("put", b'{"key":"Zm9v","value":"YmFy"}'), ("range", b'{"key":"Zm9v"}')):
        try:
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/v3/kv/{path}", body), timeout=10).close()
        except OSError:
            time.sleep(1)
    told = version(["etcd", "--version"], r"etcd Version: ([0-9.]+)")
    return f"etcd {told}", run.read(port)


def process_exporter(run):
    program, port = "prometheus-process-exporter", run.next_port()
    run.start(program, f"--web.listen-address=127.0.0.1:{port}", "--procnames=python3,bash", "--threads")
    return f"process_exporter {dpkg(program)}", run.read(port)


def snmp(run):
    program, port = "prometheus-snmp-exporter", run.next_port()
    config = run.folder / "snmp.yml"
    config.write_text("if_mib:\n  walk: [1.3.6.1.2.1.2]\n  max_repetitions: 5\n  retries: 0\n  timeout: 1s\n  version: 1\n  auth: {community: public}\n")
    run.start(program, listen(port), f"--config.file={config}")
    return f"snmp_exporter {version([program, '--version'])}", run.read(port)


def python(run):
    port = run.next_port()
    run.start("/usr/bin/python3", "-c", f"import prometheus_client,time,gc; prometheus_client.start_http_server({port}, '127.0.0.1'); gc.collect(); time.sleep(60)")
    return f"python client {dpkg('python3-prometheus-client')}", run.read(port)


def client_go(run):
    """What Go's client library adds to every program, read from Prometheus itself."""
    name, found = prometheus(run)
    return f"client_golang in {name}", found


def phoenix(run):
    program, port = os.environ.get("PHOENIX", "target/debug/phoenix"), run.next_port()
    run.start(pathlib.Path(program).resolve(), "serve", "--data-dir", run.folder / "phoenix", "--listen", f"127.0.0.1:{port}")
    run.read(port)
    time.sleep(3)
    told = version([pathlib.Path(program).resolve(), "--version"], r"phoenix (\S+)")
    return f"phoenix {told}", run.read(port)


# File -> (program, which names go into it).
FILES = {
    "node": (node, lambda n: n.startswith("node_")),
    "postgres": (postgres, lambda n: n.startswith(("pg_", "postgres_"))),
    "blackbox": (blackbox, lambda n: n.startswith(("probe_", "blackbox_"))),
    "prometheus": (prometheus, lambda n: n.startswith(("prometheus_", "net_conntrack_")) or n == "scrape_duration_seconds"),
    "alertmanager": (alertmanager, lambda n: n.startswith("alertmanager_")),
    "pushgateway": (pushgateway, lambda n: n.startswith("push")),
    "mysqld": (mysqld, lambda n: n.startswith("mysql")),
    "redis": (redis, lambda n: n.startswith("redis_")),
    "nginx": (nginx, lambda n: n.startswith("nginx")),
    "apache": (apache, lambda n: n.startswith("apache_")),
    "haproxy": (haproxy, lambda n: n.startswith("haproxy_")),
    "etcd": (etcd, lambda n: n.startswith(("etcd_", "grpc_server_"))),
    "process_exporter": (process_exporter, lambda n: n.startswith("namedprocess_")),
    "snmp": (snmp, lambda n: n.startswith("snmp_")),
    "python": (python, lambda n: n.startswith("python_")),
    "client": (client_go, lambda n: n.startswith(("go_", "process_", "promhttp_"))),
    "phoenix": (phoenix, lambda n: n.startswith("phoenix_")),
}


def load(path):
    """The comments at a file's head, and its lines by name."""
    head, lines = [], {}
    if path.exists():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith("#"):
                head.append(line)
            elif line:
                fields = line.split("\t")
                if len(fields) != 5 or fields[1] not in TYPES:
                    raise SystemExit(f"{path}:{number}: want name, type, unit, labels, from between tabs: {line}")
                lines.setdefault(fields[0], fields)
    return head, lines


def store(path, head, lines):
    text = "".join("\t".join(lines[name]) + "\n" for name in sorted(lines))
    path.write_text("".join(line + "\n" for line in head) + text)


def labels_of(seen, known):
    """Labels that the program showed, with those that the documentation knows besides."""
    before = set() if known is None or known[3] == "-" else set(known[3].split(","))
    open_ended = "*" in before if known else "*" in seen
    names = sorted((seen | before) - {"*"}) + (["*"] if open_ended else [])
    return ",".join(names) or "-"


def main(arguments):
    if arguments == ["--sort"]:
        for path in sorted(FOLDER.glob("*.tsv")):
            store(path, *load(path))
        return
    for name in arguments or FILES:
        program, belongs = FILES[name]
        run = Running()
        try:
            source, found = program(run)
        finally:
            run.end()
        path = FOLDER / f"{name}.tsv"
        head, lines = load(path)
        head = head or [
            "# Lines that name a program and its version were read from it by tools/catalogue.py; the others are from documentation.",
            "# name\ttype\tunit\tlabels\tfrom",
        ]
        for metric, (kind, labels) in found.items():
            kind = "untyped" if metric in BOTH else kind
            if belongs(metric) and not OF_DRIVERS.match(metric):
                known = lines.get(metric)
                lines[metric] = [metric, kind, known[2] if known else unit(metric), labels_of(labels, known), source]
        store(path, head, lines)
        print(f"{path.name}: {sum(1 for n in found if belongs(n))} metrics of {source}, {len(lines)} lines")


if __name__ == "__main__":
    main(sys.argv[1:])
