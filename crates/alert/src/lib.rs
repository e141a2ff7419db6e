//! Alertmanager's concepts: route, group, inhibit, silence, notify.
