//! From what discovery found to what is scraped.

use super::job::Job;
use crate::relabel::apply_all;
use phoenix_model::{Labels, parse_duration};
use std::time::Duration;
use url::Url;

/// An address with its labels after relabelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Labels before relabelling, with `__address__`, `__meta_…` and the job's defaults.
    pub discovered: Labels,
    /// The labels that its series carry.
    pub labels: Labels,
    /// What is asked for, with its parameters.
    pub url: Url,
    /// How often.
    pub interval: Duration,
    /// How long an answer may take; not longer than the interval.
    pub timeout: Duration,
    /// Stable over restarts: spreads targets over the interval.
    pub hash: u64,
}

/// What became of something discovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Target(Box<Target>),
    /// A rule dropped it.
    Dropped {
        discovered: Labels,
    },
    /// It can't be scraped, and why.
    Broken {
        discovered: Labels,
        reason: String,
    },
}

/// Adds the job's defaults, relabels, and reads the result.
pub(crate) fn build(job: &Job, found: &Labels) -> Outcome {
    let mut labels = found.to_builder();
    let interval = phoenix_model::format_duration(job.interval);
    let timeout = phoenix_model::format_duration(job.timeout);
    let defaults = [
        ("job", job.name.as_str()),
        ("__scrape_interval__", &interval),
        ("__scrape_timeout__", &timeout),
        ("__metrics_path__", &job.metrics_path),
        ("__scheme__", &job.scheme),
    ];
    for (name, value) in defaults {
        if labels.value(name).is_empty() {
            labels.set(name, value);
        }
    }
    for (name, values) in &job.params {
        if let Some(first) = values.first() {
            labels.set(&format!("__param_{name}"), first);
        }
    }
    let discovered = labels.clone().build();
    if !apply_all(&mut labels, &job.relabel) {
        return Outcome::Dropped { discovered };
    }
    match read(job, discovered.clone(), &labels.build()) {
        Ok(target) => Outcome::Target(Box::new(target)),
        Err(reason) => Outcome::Broken { discovered, reason },
    }
}

fn read(job: &Job, discovered: Labels, relabelled: &Labels) -> Result<Target, String> {
    let address = relabelled.value("__address__");
    if address.is_empty() {
        return Err("the target has no address: no rule may leave `__address__` empty".to_owned());
    }
    if address.contains('/') {
        return Err(format!("{address:?} is not a host and port: put the path into `metrics_path` and the scheme into `scheme`"));
    }
    let duration = |name: &str| {
        let text = relabelled.value(name);
        let duration = parse_duration(text).map_err(|e| format!("label `{name}`: {e}"))?;
        if duration.is_zero() { Err(format!("label `{name}` is zero")) } else { Ok(duration) }
    };
    let interval = duration("__scrape_interval__")?;
    let timeout = duration("__scrape_timeout__")?;
    if timeout > interval {
        return Err(format!(
            "the scrape timeout ({}) is longer than the scrape interval ({})",
            relabelled.value("__scrape_timeout__"),
            relabelled.value("__scrape_interval__")
        ));
    }
    let url = url_of(job, relabelled)?;
    let mut labels = relabelled.to_builder();
    if labels.value("instance").is_empty() {
        labels.set("instance", address);
    }
    let labels = labels.build().filter(|name| !name.starts_with("__"));
    let hash = fnv1a([relabelled.filter(|name| !name.starts_with("__meta_")).as_bytes(), url.as_str().as_bytes()]);
    Ok(Target { discovered, labels, url, interval, timeout, hash })
}

fn url_of(job: &Job, labels: &Labels) -> Result<Url, String> {
    let scheme = labels.value("__scheme__");
    if !matches!(scheme, "http" | "https") {
        return Err(format!("scheme {scheme:?} is neither `http` nor `https`"));
    }
    let address = labels.value("__address__");
    let mut url = Url::parse(&format!("{scheme}://{address}/")).map_err(|e| format!("{address:?} is not a host and port: {e}"))?;
    if !url.username().is_empty() || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{address:?} is not a host and port"));
    }
    let path = labels.value("__metrics_path__");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    url.set_path(path);
    url.set_query(Some(query).filter(|query| !query.is_empty()));
    let mut params: Vec<(&str, Vec<&str>)> =
        job.params.iter().map(|(name, values)| (name.as_str(), values.iter().map(String::as_str).collect())).collect();
    for (name, value) in labels {
        let Some(name) = name.strip_prefix("__param_") else { continue };
        match params.iter_mut().find(|(n, _)| *n == name) {
            Some((_, values)) => match values.first_mut() {
                Some(first) => *first = value,
                None => values.push(value),
            },
            None => params.push((name, vec![value])),
        }
    }
    params.sort_by_key(|(name, _)| *name);
    if params.iter().any(|(_, values)| !values.is_empty()) {
        let mut query = url.query_pairs_mut();
        for (name, values) in &params {
            for value in values {
                query.append_pair(name, value);
            }
        }
    }
    Ok(url)
}

/// FNV-1a, 64 bits: fixed for ever, so that offsets do not move between versions.
fn fnv1a<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    parts.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Target {
    /// Where in its interval the target is scraped.
    pub(crate) fn offset(&self) -> Duration {
        // The high bits of FNV are the better mixed ones.
        Duration::from_millis((self.hash ^ (self.hash >> 32)) % (self.interval.as_millis() as u64).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrape::job::test_job;
    use phoenix_model::Source;

    fn check(rules: &str, pairs: &[(&str, &str)], want: &str) {
        let mut job = test_job();
        job.params = vec![("module".to_owned(), vec!["http_2xx".to_owned(), "second".to_owned()])];
        job.relabel = phoenix_yaml::from_str(&Source::new("r.yaml", rules)).unwrap();
        let got = match build(&job, &Labels::from_pairs(pairs.iter().copied())) {
            Outcome::Target(t) => format!("{} {} every {:?} in {:?}", t.labels, t.url, t.interval, t.timeout),
            Outcome::Dropped { .. } => "dropped".to_owned(),
            Outcome::Broken { reason, .. } => reason,
        };
        assert_eq!(got, want, "{rules} {pairs:?}");
    }

    #[test]
    fn targets_are_built() {
        let api = [("__address__", "api:80"), ("__meta_env", "prod")];
        let params = "?module=http_2xx&module=second";
        for (rules, pairs, want) in [
            ("[]", &api[..], format!("{{instance=\"api:80\",job=\"test\"}} http://api/metrics{params} every 15s in 10s").as_str()),
            (
                "[{source_labels: [__meta_env], target_label: env}, {target_label: instance, replacement: me}]",
                &api,
                &format!("{{env=\"prod\",instance=\"me\",job=\"test\"}} http://api/metrics{params} every 15s in 10s"),
            ),
            (
                // The blackbox exporter's usual rules.
                "[{source_labels: [__address__], target_label: __param_target}, {source_labels: [__param_target], target_label: instance}, \
                 {target_label: __address__, replacement: '127.0.0.1:9115'}, {target_label: __metrics_path__, replacement: /probe}]",
                &[("__address__", "https://example.org/x?y=z")],
                "{instance=\"https://example.org/x?y=z\",job=\"test\"} \
                 http://127.0.0.1:9115/probe?module=http_2xx&module=second&target=https%3A%2F%2Fexample.org%2Fx%3Fy%3Dz every 15s in 10s",
            ),
            (
                "[{target_label: __param_module, replacement: other}, {target_label: __scheme__, replacement: https}]",
                &[("__address__", "[::1]:9100")],
                "{instance=\"[::1]:9100\",job=\"test\"} https://[::1]:9100/metrics?module=other&module=second every 15s in 10s",
            ),
            (
                "[{target_label: __scrape_interval__, replacement: 1m}, {target_label: __scrape_timeout__, replacement: 1m}]",
                &[("__address__", "a:1"), ("job", "own")],
                "{instance=\"a:1\",job=\"own\"} http://a:1/metrics?module=http_2xx&module=second every 60s in 60s",
            ),
            ("[{action: drop, source_labels: [__meta_env], regex: prod}]", &api, "dropped"),
            ("[{target_label: __address__, replacement: ''}]", &api, "the target has no address: no rule may leave `__address__` empty"),
            (
                "[]",
                &[("__address__", "http://a:1/metrics")],
                "\"http://a:1/metrics\" is not a host and port: put the path into `metrics_path` and the scheme into `scheme`",
            ),
            ("[]", &[("__address__", "a b:1")], "\"a b:1\" is not a host and port: invalid international domain name"),
            ("[]", &[("__address__", "a:x")], "\"a:x\" is not a host and port: invalid port number"),
            ("[{target_label: __scheme__, replacement: ftp}]", &api, "scheme \"ftp\" is neither `http` nor `https`"),
            (
                "[{target_label: __scrape_interval__, replacement: 5s}]",
                &api,
                "the scrape timeout (10s) is longer than the scrape interval (5s)",
            ),
            ("[{target_label: __scrape_timeout__, replacement: 0s}]", &api, "label `__scrape_timeout__` is zero"),
        ] {
            check(rules, pairs, want);
        }
    }

    #[test]
    fn offsets_are_stable_and_spread() {
        let job = test_job();
        let offsets: Vec<u64> = (0..1000)
            .map(|i| match build(&job, &Labels::from_pairs([("__address__", format!("host-{i}:9100"))])) {
                Outcome::Target(t) => t.offset().as_millis() as u64,
                other => panic!("{other:?}"),
            })
            .collect();
        for quarter in 0..4_u64 {
            let within = offsets.iter().filter(|o| **o / 3750 == quarter).count();
            assert!((200..300).contains(&within), "{within} of 1000 targets in quarter {quarter}");
        }
    }
}
