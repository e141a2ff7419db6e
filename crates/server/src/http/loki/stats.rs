//! The `stats` of Loki's answers, filled from what reading took.

use phoenix_model::logs::ReadStats;
use serde_json::{Value, json};
use std::time::Duration;

/// What a query took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct QueryStats {
    pub(super) read: ReadStats,
    /// From the request to the end of the evaluation, without waiting for a place.
    pub(super) took: Duration,
    /// Waiting for a place.
    pub(super) queued: Duration,
    /// Entries that the answer has.
    pub(super) returned: u64,
}

impl QueryStats {
    /// Every key that Loki's documentation lists. What has no meaning here is zero: there are no
    /// ingesters apart from the store, no shards and no caches of answers.
    pub(super) fn json(&self) -> Value {
        let ReadStats { lines, bytes, passed, memory_lines, segments, pages_read, pages_skipped, compressed_bytes } = self.read;
        let seconds = self.took.as_secs_f64();
        let per_second = |n: u64| if seconds > 0.0 { (n as f64 / seconds) as u64 } else { 0 };
        json!({
            "summary": {
                "bytesProcessedPerSecond": per_second(bytes),
                "linesProcessedPerSecond": per_second(lines),
                "totalBytesProcessed": bytes,
                "totalLinesProcessed": lines,
                "execTime": seconds,
                "queueTime": self.queued.as_secs_f64(),
                "subqueries": 0,
                "totalEntriesReturned": self.returned,
                "splits": 0,
                "shards": 0,
                "totalPostFilterLines": passed,
                "totalStructuredMetadataBytesProcessed": 0,
            },
            "querier": {
                "store": {
                    "totalChunksRef": pages_read + pages_skipped,
                    "totalChunksDownloaded": pages_read,
                    "chunksDownloadTime": 0,
                    "queryReferencedStructuredMetadata": false,
                    "chunk": chunk(0, lines.saturating_sub(memory_lines), bytes, compressed_bytes, passed),
                    "chunkRefsFetchTime": 0,
                    "congestionControlLatency": 0,
                    "pipelineWrapperFilteredLines": 0,
                },
            },
            "ingester": {
                "totalReached": 1,
                "totalChunksMatched": segments,
                "totalBatches": 0,
                "totalLinesSent": 0,
                "store": {
                    "totalChunksRef": 0,
                    "totalChunksDownloaded": 0,
                    "chunksDownloadTime": 0,
                    "queryReferencedStructuredMetadata": false,
                    "chunk": chunk(memory_lines, 0, 0, 0, 0),
                    "chunkRefsFetchTime": 0,
                    "congestionControlLatency": 0,
                    "pipelineWrapperFilteredLines": 0,
                },
            },
            "cache": {
                "chunk": cache(), "index": cache(), "result": cache(), "statsResult": cache(), "volumeResult": cache(),
                "seriesResult": cache(), "labelResult": cache(), "instantMetricResult": cache(),
            },
            "index": {"totalChunks": pages_read + pages_skipped, "postFilterChunks": pages_read, "shardsDuration": 0, "usedBloomFilters": false},
        })
    }
}

fn chunk(head_lines: u64, lines: u64, bytes: u64, compressed: u64, passed: u64) -> Value {
    json!({
        "headChunkBytes": 0,
        "headChunkLines": head_lines,
        "decompressedBytes": bytes,
        "decompressedLines": lines,
        "compressedBytes": compressed,
        "totalDuplicates": 0,
        "postFilterLines": passed,
        "headChunkStructuredMetadataBytes": 0,
        "decompressedStructuredMetadataBytes": 0,
    })
}

fn cache() -> Value {
    json!({
        "entriesFound": 0, "entriesRequested": 0, "entriesStored": 0, "bytesReceived": 0, "bytesSent": 0,
        "requests": 0, "downloadTime": 0, "queryLengthServed": 0,
    })
}
