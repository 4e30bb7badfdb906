//! A SHA-256 digest of a schema.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::schema::{AccessControl, Schema, Table};

/// A digest of a schema: SHA-256 over its tables in canonical form and order.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Digest {
    /// `role` is the application's role, whose name is no part of the digest.
    pub(crate) fn of(schema: &Schema, role: &str) -> Self {
        let mut hash = Sha256::new();
        for (name, table) in &schema.tables {
            let mut facts = facts(table, role);
            // Sorted, because a database lists columns and keys in the order in which they were added.
            facts.sort();
            feed(&mut hash, name);
            facts.iter().for_each(|fact| feed(&mut hash, fact));
        }
        if let Some(role) = &schema.role {
            let namespace = &role.namespace;
            let facts = (role.bypasses_policies, &role.bypassing_memberships);
            feed(&mut hash, &format!("role {facts:?}"));
            let facts = (namespace.usable, namespace.owned, &namespace.creators);
            feed(&mut hash, &format!("namespace {facts:?}"));
        }
        for hazard in &schema.hazards {
            feed(&mut hash, &format!("hazard {hazard:?}"));
        }
        for table in schema.unread.keys() {
            feed(&mut hash, &format!("unread {table}"));
        }
        let mut others: Vec<_> = schema.others.iter().collect();
        others.sort();
        for other in others {
            feed(
                &mut hash,
                &format!("{} {} {}", other.kind, other.table, other.name),
            );
        }
        Digest(hash.finalize().into())
    }
}

/// Adds a text with its length before it, so that different lists of texts cannot produce the same bytes.
fn feed(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

/// The facts of a table, one text each. Expressions are in canonical form.
fn facts(table: &Table, role: &str) -> Vec<String> {
    // Destructured without `..`, so that a new field does not compile until it is handled here.
    let Table {
        columns,
        primary_key,
        foreign_keys,
        unique_keys,
        indexes,
        checks,
        conflicts,
        options,
        autoincrement,
        access_control,
        sequence: _,
        checks_without_condition: _,
        index_sql: _,
        constraint_sql: _,
        source: _,
    } = table;
    let mut facts = Vec::new();
    for column in columns {
        let default = column.default.as_ref().map(|default| default.node());
        facts.push(format!(
            "column {:?} {:?} {:?} {} {default:?} {:?}",
            column.name, column.ty, column.collation, column.nullable, column.generated
        ));
    }
    facts.push(format!("{:?}", primary_key));
    facts.extend(unique_keys.iter().map(|key| format!("{key:?}")));
    facts.extend(foreign_keys.iter().map(|key| format!("{key:?}")));
    for (name, index) in indexes {
        let keys = index.keys.iter();
        let keys: Vec<_> = keys
            .map(|key| (key.expression.node(), key.descending))
            .collect();
        let predicate = index.predicate.as_ref().map(|predicate| predicate.node());
        let (unique, unusual) = (index.unique, &index.unusual);
        facts.push(format!(
            "index {name:?} {unique} {keys:?} {predicate:?} {unusual:?}"
        ));
    }
    for check in checks {
        let (name, condition) = (&check.name, check.condition.node());
        let (valid, unusual) = (check.valid, &check.unusual);
        facts.push(format!("check {name:?} {condition:?} {valid} {unusual:?}"));
    }
    facts.extend(conflicts.iter().map(|clause| format!("{clause:?}")));
    facts.push(format!("{:?} {}", options, autoincrement));
    facts.extend(
        access_control
            .iter()
            .flat_map(|access_control| access_control_facts(access_control, role)),
    );
    facts
}

fn access_control_facts(access_control: &AccessControl, role: &str) -> Vec<String> {
    let mut facts = vec![format!(
        "guard {} {} {}",
        access_control.enabled, access_control.forced, access_control.owned
    )];
    for (name, policy) in &access_control.policies {
        let using = policy.using.as_ref().map(|using| using.node());
        let with_check = policy.with_check.as_ref().map(|check| check.node());
        facts.push(format!(
            "policy {name:?} {} {} {:?} {using:?} {with_check:?}",
            policy.permissive, policy.command, policy.roles
        ));
    }
    for grant in &access_control.grants {
        let whom = match grant.role == role {
            true => "the application",
            false => grant.role.as_str(),
        };
        let (privilege, grantable) = (&grant.privilege, grant.grantable);
        let through = &grant.through;
        facts.push(format!(
            "grant {privilege:?} {whom:?} {grantable} {through:?}"
        ));
    }
    facts
}
