//! Why something could not be taken in.

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A job of the config can't be run; the jobs before stay as they were.
    #[error("job `{job}` can't be run: {source}")]
    Job {
        /// The job's name.
        job: String,
        /// What its HTTP client says.
        #[source]
        source: phoenix_http::HttpError,
    },
    /// Two jobs have one name.
    #[error("two jobs are named `{0}`; give one of them another `job_name`")]
    DuplicateJob(String),
}
