//! The reference domain: habits, their entries and reminders, and the devices of their owners.
//!
//! [`DOMAIN`] has the names of all tables, columns and constraints. An application uses the records. [`sqlite`] and
//! [`postgres`] hold their SeaORM entities, written by hand in each engine's types.

pub mod domain;
pub mod postgres;
pub mod sqlite;

mod device;
mod entry;
mod habit;
mod habit_repository;
mod reminder;

pub use device::{Device, DeviceDraft, DevicePatch};
pub use domain::DOMAIN;
pub use entry::{Entry, EntryDraft, EntryPatch};
pub use habit::{Habit, HabitDraft, HabitPatch};
pub use habit_repository::{HabitRepository, Streak, habits, habits_in};
pub use reminder::{Reminder, ReminderDraft, ReminderPatch};
