// pkg/metrics/metrics.go
package metrics

import (
    "github.com/prometheus/client_golang/prometheus"
    "github.com/prometheus/client_golang/prometheus/promauto"
)

var (
    // Experiment metrics
    ExperimentTotal = promauto.NewCounterVec(
        prometheus.CounterOpts{
            Name: "phoenix_experiment_total",
            Help: "Total number of experiments by state",
        },
        []string{"state", "tenant_id"},
    )
    
    ExperimentDuration = promauto.NewHistogramVec(
        prometheus.HistogramOpts{
            Name:    "phoenix_experiment_duration_seconds",
            Help:    "Duration of experiments in seconds",
            Buckets: prometheus.ExponentialBuckets(60, 2, 10), // 1min to ~17hrs
        },
        []string{"state", "pipeline_type"},
    )
    
    // Pipeline metrics
    PipelineCardinalityReduction = promauto.NewGaugeVec(
        prometheus.GaugeOpts{
            Name: "phoenix_pipeline_cardinality_reduction_ratio",
            Help: "Cardinality reduction ratio achieved by pipeline",
        },
        []string{"experiment_id", "pipeline", "variant"},
    )
    
    CollectorResourceUsage = promauto.NewGaugeVec(
        prometheus.GaugeOpts{
            Name: "phoenix_collector_resource_usage",
            Help: "Resource usage of OTel collectors",
        },
        []string{"experiment_id", "variant", "resource", "node"},
    )
    
    // Cost metrics
    EstimatedMonthlySavings = promauto.NewGaugeVec(
        prometheus.GaugeOpts{
            Name: "phoenix_estimated_monthly_savings_usd",
            Help: "Estimated monthly cost savings in USD",
        },
        []string{"tenant_id", "provider"},
    )
    
    // API metrics
    APIRequestDuration = promauto.NewHistogramVec(
        prometheus.HistogramOpts{
            Name:    "phoenix_api_request_duration_seconds",
            Help:    "API request duration in seconds",
            Buckets: prometheus.DefBuckets,
        },
        []string{"method", "endpoint", "status"},
    )
    
    WebSocketConnections = promauto.NewGauge(
        prometheus.GaugeOpts{
            Name: "phoenix_websocket_connections_active",
            Help: "Number of active WebSocket connections",
        },
    )
)
