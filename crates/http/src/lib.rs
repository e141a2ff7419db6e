//! Prometheus' http_config, and the HTTP client it describes.
