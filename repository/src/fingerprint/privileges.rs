//! Who may see and do what on Postgres: the application's role, row level security, privileges.

use std::collections::BTreeMap;

use super::expression::Expression;
use crate::model::engine::Engine;

/// The role on whose behalf the application works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    /// Whether no policy binds it.
    pub(crate) unbound: bool,
    /// Roles that no policy binds, and that it is a member of.
    pub(crate) unbound_as: Vec<Membership>,
    /// Whoever looks, if they cannot become it.
    pub(crate) stranger: Option<String>,
    /// What it may do in the schema itself.
    pub(crate) namespace: Namespace,
}

/// What makes a role a member of another, at whatever remove.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Membership {
    pub(crate) of: String,
    /// The role that was granted to it: that one, or one that is a member of it.
    pub(crate) through: String,
    /// The statements that end it, in whatever way it is one.
    pub(crate) revoke: Vec<String>,
}

/// A schema of Postgres, as far as the application's role may do something there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) name: String,
    /// Whether the role may name what is there.
    pub(crate) usable: bool,
    /// Whether the schema is the role's own.
    pub(crate) owned: bool,
    /// By what the role may make things there.
    pub(crate) creators: Vec<Grant>,
}

/// Row level security of a table, and privileges on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccessControl {
    /// Whether it is on.
    pub(crate) enabled: bool,
    /// Whether it binds the table's owner too.
    pub(crate) forced: bool,
    /// Whether it belongs to the application's role.
    pub(crate) owned: bool,
    /// Its policies by name.
    pub(crate) policies: BTreeMap<String, Policy>,
    /// What the application's role and PUBLIC may do.
    pub(crate) grants: Vec<Grant>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Whether it widens what others allow.
    pub(crate) permissive: bool,
    /// `ALL`, `SELECT`.
    pub(crate) command: String,
    /// Whom it is for, sorted; `PUBLIC` is everyone.
    pub(crate) roles: Vec<String>,
    /// Which rows are seen.
    pub(crate) using: Option<Expression>,
    /// Which rows may be written.
    pub(crate) with_check: Option<Expression>,
}

impl Policy {
    /// Whether it reads the column.
    pub(crate) fn is_about(&self, column: &str) -> bool {
        let mut conditions = self.using.iter().chain(&self.with_check);
        conditions.any(|condition| condition.is_about(Engine::Postgres, column))
    }
}

/// A privilege: `SELECT TO catamaran_app`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grant {
    /// `SELECT`, `UPDATE (name)`, `DELETE` with its grant option.
    pub(crate) privilege: String,
    pub(crate) role: String,
    pub(crate) grantable: bool,
    /// The role by whose grant the application's has what that role may do; none for what is granted to itself or
    /// to PUBLIC.
    pub(crate) through: Option<String>,
    /// Who granted it, quoted as a name, where that is not the owner: only that role can take it back.
    pub(crate) grantor: Option<String>,
    /// The statements by which the application's role has it no more, where it has it by another role.
    pub(crate) revoke: Vec<String>,
}

impl Grant {
    /// Whether it is the same privilege of the same role, whoever granted it.
    pub(crate) fn is_it(&self, other: &Grant) -> bool {
        (&self.privilege, &self.role, self.grantable, &self.through)
            == (
                &other.privilege,
                &other.role,
                other.grantable,
                &other.through,
            )
    }
}
