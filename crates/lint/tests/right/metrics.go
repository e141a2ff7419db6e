package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	Length = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "shop",
		Name:      "queue_length",
		Help:      "Orders that wait",
	}, []string{"queue"})
	Conversion = promauto.NewGaugeVec(prometheus.GaugeOpts{Name: "shop_conversion_ratio", Help: "Visitors who buy"}, []string{"variant"})
	Duration   = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "http_request_duration_seconds",
		Help:    "How long requests take",
		Buckets: []float64{0.1, 0.3, 1, 3},
	}, []string{"code", "handler"})
	Failed = promauto.NewCounter(prometheus.CounterOpts{Name: "logins_failed_total", Help: "Logins that fail"})
)
