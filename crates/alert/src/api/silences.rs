//! `/api/v2/silences` and `/api/v2/silence/{id}`.

use super::{ApiError, api_time, filters, moment};
use crate::alerting::Alerting;
use crate::matchers::Matchers;
use crate::silence::{Change, Silence, SilenceError, SilenceState};
use phoenix_model::{Labels, MatchOp, Matcher};
use phoenix_state::AuditEntry;
use serde::{Deserialize, Serialize};

/// The most bytes of one silence.
const MAX_SILENCE_BYTES: usize = 64 * 1024;

/// Which silences are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SilencesQuery {
    /// Matchers on the labels that the silences name.
    pub filter: Vec<String>,
    /// Who made them; empty for anybody.
    pub creators: Vec<String>,
}

impl SilencesQuery {
    /// Reads the parameters of a request.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut query = Self::default();
        for (name, value) in pairs {
            match name {
                "filter" => query.filter.push(value.to_owned()),
                "creator" => query.creators.push(value.to_owned()),
                _ => {}
            }
        }
        query
    }
}

/// A matcher as the API has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of Alertmanager's OpenAPI document")]
pub struct ApiMatcher {
    #[serde(default = "yes")]
    pub is_equal: bool,
    pub is_regex: bool,
    pub name: String,
    pub value: String,
}

fn yes() -> bool {
    true
}

/// A silence as the API gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of Alertmanager's OpenAPI document")]
pub struct GettableSilence {
    pub id: String,
    pub status: SilenceStatus,
    pub updated_at: String,
    pub comment: String,
    pub created_by: String,
    pub ends_at: String,
    pub matchers: Vec<ApiMatcher>,
    pub starts_at: String,
}

/// Where a silence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SilenceStatus {
    /// `active`, `pending` or `expired`.
    pub state: SilenceState,
}

/// A silence as it is posted; with an `id` it is an edit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of Alertmanager's OpenAPI document")]
pub struct PostableSilence {
    #[serde(default)]
    pub id: Option<String>,
    pub matchers: Vec<ApiMatcher>,
    pub starts_at: String,
    pub ends_at: String,
    pub created_by: String,
    pub comment: String,
}

impl PostableSilence {
    fn into_silence(self, now_ms: i64) -> Result<Silence, String> {
        let mut matchers = Vec::new();
        for matcher in self.matchers {
            let op = match (matcher.is_equal, matcher.is_regex) {
                (true, false) => MatchOp::Equal,
                (false, false) => MatchOp::NotEqual,
                (true, true) => MatchOp::Regex,
                (false, true) => MatchOp::NotRegex,
            };
            matchers.push(Matcher::new(matcher.name, op, matcher.value).map_err(|e| e.to_string())?);
        }
        let required = |what, text: &str| moment(what, Some(text))?.ok_or_else(|| format!("{what} is missing"));
        let (starts_at_ms, ends_at_ms) = (required("startsAt", &self.starts_at)?, required("endsAt", &self.ends_at)?);
        if starts_at_ms >= ends_at_ms {
            return Err("failed to create silence: start time must be before end time".to_owned());
        }
        if ends_at_ms < now_ms {
            return Err("failed to create silence: end time can't be in the past".to_owned());
        }
        let silence = Silence {
            id: self.id.unwrap_or_default(),
            matchers: Matchers::new(matchers),
            starts_at_ms,
            ends_at_ms,
            updated_at_ms: now_ms,
            created_by: self.created_by,
            comment: self.comment,
        };
        let bytes = silence.matchers.to_string().len() + silence.comment.len() + silence.created_by.len();
        if bytes > MAX_SILENCE_BYTES {
            return Err(format!("the silence has {bytes} bytes, the limit is {MAX_SILENCE_BYTES}"));
        }
        Ok(silence)
    }
}

fn show(silence: &Silence, now_ms: i64) -> GettableSilence {
    GettableSilence {
        id: silence.id.clone(),
        status: SilenceStatus { state: silence.state(now_ms) },
        updated_at: api_time(silence.updated_at_ms),
        comment: silence.comment.clone(),
        created_by: silence.created_by.clone(),
        ends_at: api_time(silence.ends_at_ms),
        matchers: silence
            .matchers
            .iter()
            .map(|matcher| ApiMatcher {
                is_equal: matches!(matcher.op, MatchOp::Equal | MatchOp::Regex),
                is_regex: matches!(matcher.op, MatchOp::Regex | MatchOp::NotRegex),
                name: matcher.name.clone(),
                value: matcher.value.clone(),
            })
            .collect(),
        starts_at: api_time(silence.starts_at_ms),
    }
}

impl From<SilenceError> for ApiError {
    fn from(error: SilenceError) -> Self {
        match error {
            SilenceError::NotFound(_) => Self::NotFound(error.to_string()),
            SilenceError::Invalid(_) | SilenceError::TooMany(_) => Self::BadRequest(error.to_string()),
        }
    }
}

impl Alerting {
    /// `GET /api/v2/silences`: active, then pending, then expired ones.
    pub fn get_silences(&self, query: &SilencesQuery) -> Result<Vec<GettableSilence>, ApiError> {
        let filter = filters(&query.filter)?;
        let now_ms = self.room.clock.now_ms();
        let core = self.room.core.lock();
        // A filter is held against what the silences' matchers say, as if it were labels.
        let names = |silence: &Silence| Labels::from_pairs(silence.matchers.iter().map(|m| (m.name.as_str(), m.value.as_str())));
        let wanted = |silence: &&Silence| {
            filter.matches(&names(silence)) && (query.creators.is_empty() || query.creators.contains(&silence.created_by))
        };
        Ok(core.silences.listed(now_ms).into_iter().filter(wanted).map(|silence| show(silence, now_ms)).collect())
    }

    /// `GET /api/v2/silence/{id}`.
    pub fn get_silence(&self, id: &str) -> Result<GettableSilence, ApiError> {
        let now_ms = self.room.clock.now_ms();
        let core = self.room.core.lock();
        core.silences.get(id).map(|silence| show(silence, now_ms)).ok_or_else(|| SilenceError::NotFound(id.to_owned()).into())
    }

    /// `POST /api/v2/silences`; returns the id. Returns once it is on stable storage.
    pub async fn set_silence(&self, posted: PostableSilence) -> Result<String, ApiError> {
        let room = &self.room;
        let now_ms = room.clock.now_ms();
        let silence = posted.into_silence(now_ms).map_err(ApiError::BadRequest)?;
        let who = silence.created_by.clone();
        let _turn = room.silencing.lock().await;
        let change = room.core.lock().silences.set(silence, now_ms, room.limits.silences, || room.new_id())?;
        self.write(change, &who, "silence.set").await
    }

    /// `DELETE /api/v2/silence/{id}`: it ends now. Returns once that is on stable storage.
    pub async fn delete_silence(&self, id: &str, who: &str) -> Result<(), ApiError> {
        let room = &self.room;
        let _turn = room.silencing.lock().await;
        let change = room.core.lock().silences.expire(id, room.clock.now_ms())?;
        self.write(change, who, "silence.expire").await.map(drop)
    }

    /// Writes a change with its line in the audit log, and only then lets it count.
    async fn write(&self, change: Change, who: &str, action: &str) -> Result<String, ApiError> {
        let room = &self.room;
        let stored: Vec<_> = change.silences.iter().map(Silence::to_stored).collect();
        let detail: Vec<String> = change
            .silences
            .iter()
            .map(|s| format!("{} {} {} to {}", s.id, s.matchers, api_time(s.starts_at_ms), api_time(s.ends_at_ms)))
            .collect();
        let entry = AuditEntry {
            at_ms: room.clock.now_ms(),
            who: who.to_owned(),
            action: action.to_owned(),
            subject: format!("silence/{}", change.id),
            detail: serde_json::json!({ "silences": detail }).to_string(),
        };
        room.state.save_silences(&stored, &entry).await.map_err(|e| ApiError::Internal(e.to_string()))?;
        room.core.lock().silences.take_in(change.silences);
        Ok(change.id)
    }
}
