//! The owner for whom a repository works, or the system.

use std::fmt;

use uuid::Uuid;

/// Whose rows a repository reads and writes: those of one owner, or all of them for the system.
///
/// There is no default, so no call forgets the owner. In an owner's scope each statement on a table with owners has a
/// predicate on the owner, on both engines. On Postgres each transaction also sets the claims that row level security
/// reads.
///
/// ```
/// use catamaran::Scope;
///
/// let ann = Scope::owner(uuid::uuid!("0190f5c2-5f1a-7c3e-8e57-2b1d4c6a9f00"));
/// let nightly = Scope::system("nightly purge of deleted rows");
/// # let _ = (ann, nightly);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scope(Kind);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Owner(Uuid),
    System { reason: &'static str },
}

impl Scope {
    /// The rows of one owner, and no others.
    pub const fn owner(owner: Uuid) -> Self {
        Scope(Kind::Owner(owner))
    }

    /// The rows of every owner.
    ///
    /// The reason documents the call and appears in traces. On Postgres the login role must be exempt from row level
    /// security (a superuser, or `BYPASSRLS`). With any other role the work fails with
    /// [`Permission`](crate::ErrorKind::Permission), instead of returning no rows.
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
