//! On whose behalf a repository works.

use std::fmt;

use uuid::Uuid;

/// On whose behalf a repository works: one owner, or the system by an explicit, named choice.
///
/// There is no default and no way to leave it out. In an owner's scope each statement carries the
/// owner's predicate on both engines; on Postgres the claims that row level security reads are set
/// inside the transaction as well.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scope(Kind);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Owner(Uuid),
    System { reason: &'static str },
}

impl Scope {
    /// Works on behalf of one owner: sees and changes that owner's rows and no others.
    pub const fn owner(owner: Uuid) -> Self {
        Scope(Kind::Owner(owner))
    }

    /// Works on behalf of the system: sees the rows of every owner.
    ///
    /// The reason is for the reader of the code and goes into traces. On Postgres it needs a login role
    /// that row level security does not bind (a superuser, or `BYPASSRLS`); with any other role such work
    /// is refused as [`Permission`](crate::ErrorKind::Permission) rather than answered with no rows.
    pub const fn system(reason: &'static str) -> Self {
        Scope(Kind::System { reason })
    }

    /// The owner, or `None` in the system's scope.
    pub const fn owner_id(&self) -> Option<Uuid> {
        match self.0 {
            Kind::Owner(owner) => Some(owner),
            Kind::System { .. } => None,
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Owner(owner) => write!(f, "owner {owner}"),
            Kind::System { reason } => write!(f, "system ({reason})"),
        }
    }
}
