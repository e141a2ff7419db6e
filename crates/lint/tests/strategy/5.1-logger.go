// pkg/logging/logger.go
package logging

import (
    "go.uber.org/zap"
    "go.uber.org/zap/zapcore"
)

func NewLogger(service string) *zap.Logger {
    config := zap.NewProductionConfig()
    config.EncoderConfig.TimeKey = "@timestamp"
    config.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder
    
    config.InitialFields = map[string]interface{}{
        "service": service,
        "version": Version,
        "cluster": os.Getenv("CLUSTER_NAME"),
    }
    
    logger, _ := config.Build()
    return logger
}

// Usage
logger.Info("experiment state transition",
    zap.String("experiment_id", expID),
    zap.String("from_state", fromState),
    zap.String("to_state", toState),
    zap.Duration("transition_time", duration),
)
