//! What a rule group has to remember: pending and firing alerts, `keep_firing_for`.

use crate::{State, StateError};

impl State {
    /// Keeps the JSON of a rule group, in place of what was kept before.
    pub async fn save_rule_state(&self, group_key: &str, body: &str, now_ms: i64) -> Result<(), StateError> {
        sqlx::query(
            "INSERT INTO rule_state (group_key, body, saved_at_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (group_key) DO UPDATE SET body = excluded.body, saved_at_ms = excluded.saved_at_ms",
        )
        .bind(group_key)
        .bind(body)
        .bind(now_ms)
        .execute(self.pool())
        .await
        .map_err(StateError::query("save the state of a rule group"))?;
        Ok(())
    }

    /// The JSON that was kept for a rule group; `None` when there is none.
    pub async fn load_rule_state(&self, group_key: &str) -> Result<Option<String>, StateError> {
        sqlx::query_scalar("SELECT body FROM rule_state WHERE group_key = $1")
            .bind(group_key)
            .fetch_optional(self.pool())
            .await
            .map_err(StateError::query("load the state of a rule group"))
    }

    /// Every rule group's JSON, as (group key, JSON), sorted by key.
    pub async fn load_rule_states(&self) -> Result<Vec<(String, String)>, StateError> {
        sqlx::query_as("SELECT group_key, body FROM rule_state ORDER BY group_key")
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("load the state of the rule groups"))
    }

    /// Forgets a rule group that is no longer configured.
    pub async fn remove_rule_state(&self, group_key: &str) -> Result<(), StateError> {
        sqlx::query("DELETE FROM rule_state WHERE group_key = $1")
            .bind(group_key)
            .execute(self.pool())
            .await
            .map_err(StateError::query("remove the state of a rule group"))?;
        Ok(())
    }

    /// Forgets rule groups that were last saved before `before_ms`; returns how many.
    pub async fn remove_rule_states_before(&self, before_ms: i64) -> Result<u64, StateError> {
        let done = sqlx::query("DELETE FROM rule_state WHERE saved_at_ms < $1")
            .bind(before_ms)
            .execute(self.pool())
            .await
            .map_err(StateError::query("remove the state of old rule groups"))?;
        Ok(done.rows_affected())
    }
}
