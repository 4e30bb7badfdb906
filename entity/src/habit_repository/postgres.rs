use async_trait::async_trait;
use catamaran::{PostgresRepository, Result};
use uuid::Uuid;

use super::{HabitRepository, Streak};
use crate::Habit;

/// Numbers the days of the entries in order: in a run of consecutive days, the day minus its number is constant.
const STREAK: &str = "\
    WITH numbered AS ( \
        SELECT date, date - (row_number() OVER (ORDER BY date))::int4 AS run \
        FROM habit_entries \
        WHERE habit_id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR user_id = $2) \
    ), runs AS ( \
        SELECT count(*) AS days, max(date) AS last_day FROM numbered GROUP BY run \
    ) \
    SELECT coalesce(max(days), 0), \
        coalesce((SELECT days FROM runs ORDER BY last_day DESC LIMIT 1), 0), \
        max(last_day) \
    FROM runs";

#[async_trait]
impl HabitRepository for PostgresRepository<Habit> {
    async fn streak(&self, habit: Uuid) -> Result<Streak> {
        let values = vec![habit.into(), self.scope().owner_id().into()];
        Ok(Streak::new(self.query_as(STREAK, values).await?))
    }
}
