//! Up and down.

use std::fmt;

/// The direction of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// It is applied.
    Up,
    /// It is rolled back.
    Down,
}

impl Direction {
    /// As it is shown and recorded: `up` or `down`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }

    /// The direction that was recorded.
    pub(super) fn recorded(text: &str) -> Option<Self> {
        let mut all = [Direction::Up, Direction::Down].into_iter();
        all.find(|direction| direction.as_str() == text)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
