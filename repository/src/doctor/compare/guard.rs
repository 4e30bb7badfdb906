//! Row level security, its policies, and privileges.

use super::super::code::Code;
use super::super::finding::Part;
use super::super::mend::{Mend, ddl};
use super::super::schema::{Grant, Guard, Policy, Schema};
use super::{Comparison, OnTable, sides};
use crate::engine::Engine;

pub(super) fn compare(on: &mut OnTable<'_>) {
    let (Some(wanted), Some(found)) = (&on.wanted.guard, &on.found.guard) else {
        return;
    };
    if found.owned {
        let sql = format!("ALTER TABLE {} OWNER TO CURRENT_USER", ddl::name(on.name));
        let sides = sides(
            "another owner",
            "the application's role, or one that it is a member of",
        );
        let mend = Mend::sql(Engine::Postgres, [sql]);
        on.say((Part::Table, ""), Code::RoleOwns, sides, mend);
    }
    row_security(on, wanted, found);
    policies(on, wanted, found);
    grants(on, wanted, found);
}

/// Whether the application's role is there, and bound by policies.
pub(super) fn role(all: &mut Comparison, wanted: &Schema, found: &Schema) {
    let Some(wanted) = &wanted.role else {
        return;
    };
    let name = ddl::name(&wanted.name);
    let (code, found, sql) = match &found.role {
        None => (
            Code::RoleMissing,
            "no such role",
            format!("CREATE ROLE {name} NOLOGIN"),
        ),
        Some(role) if role.unbound => (
            Code::RoleUnbound,
            "a superuser, or a role with BYPASSRLS",
            format!("ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS"),
        ),
        Some(_) => return,
    };
    let mend = Mend::sql(Engine::Postgres, [sql]);
    let sides = sides("a role that policies bind", found);
    all.say(&wanted.name, (Part::Table, ""), code, sides, mend);
}

fn row_security(on: &mut OnTable<'_>, wanted: &Guard, found: &Guard) {
    for (is_wanted, is_found, word, other, code) in [
        (
            wanted.enabled,
            found.enabled,
            "ENABLE",
            "DISABLE",
            Code::RowSecurityOff,
        ),
        (
            wanted.forced,
            found.forced,
            "FORCE",
            "NO FORCE",
            Code::RowSecurityNotForced,
        ),
    ] {
        if is_wanted != is_found {
            let (word, other, code) = match is_wanted {
                true => (word, other, code),
                false => (other, word, Code::RowSecurityOn),
            };
            let mend = Mend::sql(Engine::Postgres, [ddl::row_security(on.name, word)]);
            let say = |word: &str| format!("{word} ROW LEVEL SECURITY");
            on.say((Part::Table, ""), code, sides(say(word), say(other)), mend);
        }
    }
}

fn drop(on: &OnTable<'_>, policy: &str) -> String {
    format!(
        "DROP POLICY {} ON {}",
        ddl::name(policy),
        ddl::name(on.name)
    )
}

/// Permissive policies are joined by OR, so that one too many opens the table.
fn policies(on: &mut OnTable<'_>, wanted: &Guard, found: &Guard) {
    for (name, policy) in &wanted.policies {
        let create = ddl::create_policy(on.name, name, policy);
        match found.policies.get(name) {
            None => {
                let mend = Mend::sql(Engine::Postgres, [create.clone()]);
                on.named(
                    name,
                    Code::PolicyMissing,
                    sides(create, "no such policy"),
                    mend,
                );
            }
            Some(other) => one(on, name, policy, other, create),
        }
    }
    for (name, policy) in &found.policies {
        if !wanted.policies.contains_key(name) {
            let mend = Mend::sql(Engine::Postgres, [drop(on, name)]);
            let found = ddl::create_policy(on.name, name, policy);
            on.named(
                name,
                Code::PolicyExtra,
                sides("no such policy", found),
                mend,
            );
        }
    }
}

fn one(on: &mut OnTable<'_>, name: &str, wanted: &Policy, found: &Policy, create: String) {
    let anew = Mend::sql(Engine::Postgres, [drop(on, name), create]);
    let kind = |policy: &Policy| {
        let kind = if policy.permissive {
            "PERMISSIVE"
        } else {
            "RESTRICTIVE"
        };
        format!("{kind} FOR {}", policy.command)
    };
    let roles = |policy: &Policy| policy.roles.join(", ");
    let condition = |policy: &Policy| {
        let say = |condition: &Option<_>| match condition {
            Some(condition) => format!("({condition})"),
            None => "nothing".to_owned(),
        };
        format!(
            "USING {} WITH CHECK {}",
            say(&policy.using),
            say(&policy.with_check)
        )
    };
    // Without WITH CHECK, what is seen is what may be written.
    let checked = |policy: &Policy| policy.with_check.clone().or(policy.using.clone());
    if kind(wanted) != kind(found) {
        on.named(
            name,
            Code::PolicyKind,
            sides(kind(wanted), kind(found)),
            anew.clone(),
        );
    }
    if wanted.roles != found.roles {
        on.named(
            name,
            Code::PolicyRoles,
            sides(roles(wanted), roles(found)),
            anew.clone(),
        );
    }
    if wanted.using != found.using || checked(wanted) != checked(found) {
        let sides = sides(condition(wanted), condition(found));
        on.named(name, Code::PolicyCondition, sides, anew);
    }
}

fn grants(on: &mut OnTable<'_>, wanted: &Guard, found: &Guard) {
    let say = |grant: &Grant| {
        let option = if grant.grantable {
            " WITH GRANT OPTION"
        } else {
            ""
        };
        format!("{} TO {}{option}", grant.privilege, grant.role)
    };
    let all = |grants: &[Grant]| match grants.is_empty() {
        true => "nothing".to_owned(),
        false => grants.iter().map(say).collect::<Vec<_>>().join(", "),
    };
    let table = ddl::name(on.name);
    let same =
        |one: &Grant, other: &Grant| one.privilege == other.privilege && one.role == other.role;
    let sql = |verb: &str, grant: &Grant, word: &str| {
        let (privilege, role) = (&grant.privilege, ddl::role(&grant.role));
        Mend::sql(
            Engine::Postgres,
            [format!("{verb} {privilege} ON {table} {word} {role}")],
        )
    };
    for grant in &wanted.grants {
        if !found.grants.iter().any(|other| same(grant, other)) {
            let sides = sides(say(grant), all(&found.grants));
            on.named(
                &say(grant),
                Code::GrantMissing,
                sides,
                sql("GRANT", grant, "TO"),
            );
        }
    }
    for grant in found
        .grants
        .iter()
        .filter(|grant| !wanted.grants.contains(grant))
    {
        // One that is right but for its grant option keeps the privilege.
        let verb = match wanted.grants.iter().any(|other| same(grant, other)) {
            true => "REVOKE GRANT OPTION FOR",
            false => "REVOKE",
        };
        let sides = sides(all(&wanted.grants), say(grant));
        on.named(
            &say(grant),
            Code::GrantExtra,
            sides,
            sql(verb, grant, "FROM"),
        );
    }
}
