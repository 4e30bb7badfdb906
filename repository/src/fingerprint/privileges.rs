//! Access control of Postgres: the application's role, row level security, privileges.

use std::collections::BTreeMap;

use super::expression::Expression;
use crate::model::engine::Engine;

/// The role that the application works as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    /// Whether it bypasses policies itself: a superuser, or a role with BYPASSRLS.
    pub(crate) bypasses_policies: bool,
    /// The roles that bypass policies and that it is a member of.
    pub(crate) bypassing_memberships: Vec<Membership>,
    /// The current login, if it is not a member of the role.
    pub(crate) login_without_role: Option<String>,
    /// Its privileges on the schema itself.
    pub(crate) namespace: Namespace,
}

/// A direct or indirect membership in another role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Membership {
    pub(crate) of: String,
    /// The role that was granted to it: `of` itself, or a member of it.
    pub(crate) through: String,
    /// The statements that end every path of the membership.
    pub(crate) revoke: Vec<String>,
}

/// The privileges of the application's role on a schema of Postgres.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) name: String,
    /// Whether the role has `USAGE`.
    pub(crate) usable: bool,
    /// Whether the role owns the schema.
    pub(crate) owned: bool,
    /// The grants of `CREATE` that apply to the role.
    pub(crate) creators: Vec<Grant>,
}

/// The row level security and privileges of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccessControl {
    /// Whether row level security is enabled.
    pub(crate) enabled: bool,
    /// Whether row level security also applies to the table's owner.
    pub(crate) forced: bool,
    /// Whether the application's role owns the table.
    pub(crate) owned: bool,
    /// Its policies by name.
    pub(crate) policies: BTreeMap<String, Policy>,
    /// The privileges of the application's role and of PUBLIC.
    pub(crate) grants: Vec<Grant>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Whether it is combined with others by OR; a restrictive policy is combined by AND.
    pub(crate) permissive: bool,
    /// The command that it applies to: `ALL`, `SELECT`.
    pub(crate) command: String,
    /// The roles that it applies to, sorted; `PUBLIC` is every role.
    pub(crate) roles: Vec<String>,
    /// The condition for visible rows.
    pub(crate) using: Option<Expression>,
    /// The condition for written rows.
    pub(crate) with_check: Option<Expression>,
}

impl Policy {
    /// Whether a condition names the column.
    pub(crate) fn mentions(&self, column: &str) -> bool {
        let mut conditions = self.using.iter().chain(&self.with_check);
        conditions.any(|condition| condition.mentions(Engine::Postgres, column))
    }
}

/// A granted privilege: `SELECT TO catamaran_app`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grant {
    /// `SELECT`, `UPDATE (name)`.
    pub(crate) privilege: String,
    pub(crate) role: String,
    pub(crate) grantable: bool,
    /// The role through which the application's role has it; `None` if granted to that role itself or to PUBLIC.
    pub(crate) through: Option<String>,
    /// The grantor as a quoted name, if it is not the owner: only the grantor can revoke it.
    pub(crate) grantor: Option<String>,
    /// The statements that take it from the application's role, if that has it through another role.
    pub(crate) revoke: Vec<String>,
}

impl Grant {
    /// Whether both grant the same privilege to the same role, by any grantor.
    pub(crate) fn is_same_privilege(&self, other: &Grant) -> bool {
        (&self.privilege, &self.role, self.grantable, &self.through)
            == (
                &other.privilege,
                &other.role,
                other.grantable,
                &other.through,
            )
    }
}
