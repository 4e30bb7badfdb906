//! Who may see and do what on Postgres: the application's role, row level security, privileges.

use std::collections::BTreeMap;

use super::expression::Expression;
use crate::engine::Engine;

/// The role on whose behalf the application works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) name: String,
    /// Whether no policy binds it.
    pub(super) unbound: bool,
    /// Roles that no policy binds, and that it is a member of.
    pub(super) unbound_as: Vec<Membership>,
    /// Whoever looks, if they cannot become it.
    pub(super) stranger: Option<String>,
    /// What it may do in the schema itself.
    pub(super) namespace: Namespace,
}

/// What makes a role a member of another, at whatever remove.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Membership {
    pub(super) of: String,
    /// The role that was granted to it: that one, or one that is a member of it.
    pub(super) through: String,
    /// The statements that end it, in whatever way it is one.
    pub(super) revoke: Vec<String>,
}

/// A schema of Postgres, as far as the application's role may do something there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Namespace {
    pub(super) name: String,
    /// Whether the role may name what is there.
    pub(super) usable: bool,
    /// Whether the schema is the role's own.
    pub(super) owned: bool,
    /// By what the role may make things there.
    pub(super) creators: Vec<Grant>,
}

/// Row level security of a table, and privileges on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Guard {
    /// Whether it is on.
    pub(super) enabled: bool,
    /// Whether it binds the table's owner too.
    pub(super) forced: bool,
    /// Whether it belongs to the application's role.
    pub(super) owned: bool,
    /// Its policies by name.
    pub(super) policies: BTreeMap<String, Policy>,
    /// What the application's role and PUBLIC may do.
    pub(super) grants: Vec<Grant>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    /// Whether it widens what others allow.
    pub(super) permissive: bool,
    /// `ALL`, `SELECT`.
    pub(super) command: String,
    /// Whom it is for, sorted; `PUBLIC` is everyone.
    pub(super) roles: Vec<String>,
    /// Which rows are seen.
    pub(super) using: Option<Expression>,
    /// Which rows may be written.
    pub(super) with_check: Option<Expression>,
}

impl Policy {
    /// Whether it reads the column.
    pub(super) fn is_about(&self, column: &str) -> bool {
        let mut conditions = self.using.iter().chain(&self.with_check);
        conditions.any(|condition| condition.is_about(Engine::Postgres, column))
    }
}

/// A privilege: `SELECT TO catamaran_app`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    /// `SELECT`, `UPDATE (name)`, `DELETE` with its grant option.
    pub(super) privilege: String,
    pub(super) role: String,
    pub(super) grantable: bool,
    /// The role by whose grant the application's has what that role may do; none for what is granted to itself or
    /// to PUBLIC.
    pub(super) through: Option<String>,
    /// Who granted it, quoted as a name, where that is not the owner: only that role can take it back.
    pub(super) grantor: Option<String>,
    /// The statements by which the application's role has it no more, where it has it by another role.
    pub(super) revoke: Vec<String>,
}

impl Grant {
    /// Whether it is the same privilege of the same role, whoever granted it.
    pub(super) fn is_it(&self, other: &Grant) -> bool {
        (&self.privilege, &self.role, self.grantable, &self.through)
            == (
                &other.privilege,
                &other.role,
                other.grantable,
                &other.through,
            )
    }
}
