//! Detection and recovery figures.
//!
//! - time to detect: from the condition's beginning to the incident's opening (once per incident);
//! - time to acknowledge: from the opening, or the last reopening, to the acknowledgement;
//! - time to resolve: from the first opening to the end.

use phoenix_state::incident::IncidentRow;

/// The figures of one incident, in milliseconds; `None` for what has not happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IncidentFigures {
    /// From the condition's beginning to the opening.
    pub time_to_detect_ms: i64,
    /// From the (re)opening to the first delivered page.
    pub time_to_page_ms: Option<i64>,
    /// From the (re)opening to the acknowledgement.
    pub time_to_acknowledge_ms: Option<i64>,
    /// From the first opening to the end.
    pub time_to_resolve_ms: Option<i64>,
}

/// Means over many incidents, in seconds; `None` when there is nothing to take a mean of.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct MeanFigures {
    /// Incidents that were looked at.
    pub incidents: usize,
    /// Mean time to detect.
    pub mttd_seconds: Option<f64>,
    /// Mean time to acknowledge, over those that were.
    pub mtta_seconds: Option<f64>,
    /// Mean time to resolve.
    pub mttr_seconds: Option<f64>,
}

/// The figures of an incident.
pub fn figures(row: &IncidentRow) -> IncidentFigures {
    let round_ms = row.reopened_ms.unwrap_or(row.opened_ms);
    let since = |start_ms: i64, end_ms: Option<i64>| end_ms.map(|end| (end - start_ms).max(0));
    IncidentFigures {
        time_to_detect_ms: (row.opened_ms - row.condition_since_ms).max(0),
        time_to_page_ms: since(round_ms, row.paged_ms),
        time_to_acknowledge_ms: since(round_ms, row.acknowledged_ms),
        time_to_resolve_ms: since(row.opened_ms, row.resolved_ms),
    }
}

/// The means over incidents.
pub fn means(rows: &[IncidentRow]) -> MeanFigures {
    let each: Vec<IncidentFigures> = rows.iter().map(figures).collect();
    let mean =
        |values: Vec<i64>| (!values.is_empty()).then(|| values.iter().map(|v| *v as f64).sum::<f64>() / values.len() as f64 / 1000.0);
    MeanFigures {
        incidents: rows.len(),
        mttd_seconds: mean(each.iter().map(|f| f.time_to_detect_ms).collect()),
        mtta_seconds: mean(each.iter().filter_map(|f| f.time_to_acknowledge_ms).collect()),
        mttr_seconds: mean(each.iter().filter_map(|f| f.time_to_resolve_ms).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_count_what_has_happened() {
        let row = |condition, opened, acknowledged: Option<i64>, resolved| IncidentRow {
            condition_since_ms: condition,
            opened_ms: opened,
            acknowledged_ms: acknowledged,
            resolved_ms: Some(resolved),
            ..IncidentRow::default()
        };
        assert_eq!(means(&[]), MeanFigures::default());
        let rows = [row(0, 100, Some(400), 1_100), row(50, 100, None, 600)];
        assert_eq!(
            means(&rows),
            MeanFigures { incidents: 2, mttd_seconds: Some(0.075), mtta_seconds: Some(0.3), mttr_seconds: Some(0.75) }
        );
    }

    #[test]
    fn a_reopened_incident_is_acknowledged_anew_and_resolved_once() {
        let row = IncidentRow {
            condition_since_ms: 0,
            opened_ms: 10,
            reopened_ms: Some(1_000),
            paged_ms: Some(1_005),
            acknowledged_ms: Some(1_100),
            resolved_ms: Some(2_010),
            ..IncidentRow::default()
        };
        let want = IncidentFigures {
            time_to_detect_ms: 10,
            time_to_page_ms: Some(5),
            time_to_acknowledge_ms: Some(100),
            time_to_resolve_ms: Some(2_000),
        };
        assert_eq!(figures(&row), want);
    }
}
