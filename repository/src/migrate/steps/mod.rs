//! The steps of data migrations, in each version of their interface.

pub(super) mod v1;

use std::fmt;

/// The step of a data migration, of the version that it was written for.
#[derive(Clone, Copy)]
pub(super) enum Step {
    V1(v1::Step),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::V1(_) => f.write_str("v1"),
        }
    }
}

impl PartialEq for Step {
    /// Functions have no identity. A script compares the source as well.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Step::V1(_), Step::V1(_)) => true,
        }
    }
}

impl Eq for Step {}
