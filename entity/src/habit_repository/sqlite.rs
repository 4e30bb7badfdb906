use async_trait::async_trait;
use catamaran::record::Type;
use catamaran::{Result, SqliteRepository, Value};
use uuid::Uuid;

use super::{HabitRepository, Streak};
use crate::Habit;

/// Days of one run have the same distance to their own number in the order of days.
const STREAK: &str = "\
    WITH numbered AS ( \
        SELECT date, julianday(date) - row_number() OVER (ORDER BY date) AS run \
        FROM habit_entries \
        WHERE habit_id = ?1 AND deleted_at IS NULL AND (?2 IS NULL OR user_id = ?2) \
    ), runs AS ( \
        SELECT count(*) AS days, max(date) AS last_day FROM numbered GROUP BY run \
    ) \
    SELECT coalesce(max(days), 0), \
        coalesce((SELECT days FROM runs ORDER BY last_day DESC LIMIT 1), 0), \
        max(last_day) \
    FROM runs";

#[async_trait]
impl HabitRepository for SqliteRepository<Habit> {
    async fn streak(&self, habit: Uuid) -> Result<Streak> {
        let owner = self.scope().owner_id();
        let values = vec![
            Value::Uuid(habit),
            owner.map_or(Value::Null(Type::Uuid), Value::Uuid),
        ];
        let rows = self
            .query(STREAK, values, |row| {
                Ok(Streak {
                    longest: row.get(0)?,
                    current: row.get(1)?,
                    last_day: row.get(2)?,
                })
            })
            .await?;
        Ok(rows.into_iter().next().unwrap_or(Streak {
            longest: 0,
            current: 0,
            last_day: None,
        }))
    }
}
