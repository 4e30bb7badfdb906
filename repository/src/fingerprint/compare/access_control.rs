//! Compares the application's role, row level security, policies and privileges.

use super::{Comparison, OnTable, Sides, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{AccessControl, Grant, Membership, Policy, Role, Schema};
use crate::fingerprint::statement::{Phase, Statement};
use crate::migrate::create_application_role;

pub(crate) fn compare(on: &mut OnTable<'_>) {
    let (Some(wanted), Some(found)) = (&on.wanted.access_control, &on.found.access_control) else {
        return;
    };
    if found.owned {
        let sql = format!("ALTER TABLE {} OWNER TO CURRENT_USER", ident::name(on.name));
        let owner = Statement::new(Phase::Owner, sql);
        // The change of owner takes the owner's privileges from the role.
        let grants = wanted.grants.iter();
        let grants =
            grants.map(|grant| Statement::new(Phase::AccessControl, ddl::grant(on.name, grant)));
        let fix = Fix::sql(std::iter::once(owner).chain(grants));
        on.report((Part::Table, ""), Code::RoleOwns, owners(), fix);
    }
    row_security(on, wanted, found);
    policies(on, wanted, found);
    grants(on, wanted, found);
}

/// Compares the application's role: it exists, policies apply to it, and it can use the schema but does not own it.
pub(crate) fn role(all: &mut Comparison, wanted: &Schema, found: &Schema) {
    let Some(wanted) = &wanted.role else {
        return;
    };
    let name = ident::name(&wanted.name);
    let mut say = |what: (Part, &str), code: Code, found: String, sql: Vec<String>| {
        let sql = sql.into_iter();
        let fix = Fix::sql(sql.map(|sql| Statement::new(Phase::Role, sql)));
        let sides = sides("a role that policies apply to", found);
        all.report(&wanted.name, what, code, sides, fix);
    };
    let Some(found) = &found.role else {
        let found = "no such role".to_owned();
        let create = create_application_role(&wanted.name);
        return say((Part::Table, ""), Code::RoleMissing, found, vec![create]);
    };
    if found.bypasses_policies && !wanted.bypasses_policies {
        let alter = format!("ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS");
        let found = "a superuser, or a role with BYPASSRLS".to_owned();
        say((Part::Table, ""), Code::RoleUnbound, found, vec![alter]);
    }
    for membership in &found.bypassing_memberships {
        if !wanted.bypassing_memberships.contains(membership) {
            let Membership {
                of,
                through,
                revoke,
            } = membership;
            let found = format!(
                "a member of {of}, which is a superuser or has BYPASSRLS, by the grant of {through}"
            );
            say((Part::Named, of), Code::RoleUnbound, found, revoke.clone());
        }
    }
    namespace(all, wanted, found);
}

/// Compares the privileges of the application's role on the schema itself.
fn namespace(all: &mut Comparison, wanted: &Role, found: &Role) {
    let application = &wanted.name;
    let (wanted, found) = (&wanted.namespace, &found.namespace);
    let schema = format!("SCHEMA {}", ident::name(&found.name));
    if wanted.usable && !found.usable {
        let name = format!("USAGE TO {application}");
        let grant = format!("GRANT USAGE ON {schema} TO {}", ident::role(application));
        let sides = sides(&name, "nothing");
        let what = (Part::Named, name.as_str());
        all.report(
            &found.name,
            what,
            Code::GrantMissing,
            sides,
            access_control_fix(grant),
        );
    }
    if found.owned && !wanted.owned {
        // The change of owner takes the owner's privileges from the role.
        let owner = format!("ALTER {schema} OWNER TO CURRENT_USER");
        let grant = format!("GRANT USAGE ON {schema} TO {}", ident::role(application));
        let fix = Fix::sql([
            Statement::new(Phase::Owner, owner),
            Statement::new(Phase::AccessControl, grant),
        ]);
        let what = (Part::Table, "");
        all.report(&found.name, what, Code::RoleOwns, owners(), fix);
    }
    let extra = found.creators.iter();
    for grant in extra.filter(|grant| {
        !wanted
            .creators
            .iter()
            .any(|other| other.is_same_privilege(grant))
    }) {
        let (name, revoke) = (privilege(grant), revoked("REVOKE", grant, &schema));
        let sides = sides("nothing", &name);
        let what = (Part::Named, name.as_str());
        all.report(&found.name, what, Code::GrantExtra, sides, revoke);
    }
}

/// A fix with a statement of access control.
fn access_control_fix(sql: String) -> Fix {
    Fix::sql([Statement::new(Phase::AccessControl, sql)])
}

/// The sides of a finding about an object that the application's role owns.
fn owners() -> Sides {
    sides(
        "another owner",
        "the application's role, or one that it is a member of",
    )
}

fn row_security(on: &mut OnTable<'_>, wanted: &AccessControl, found: &AccessControl) {
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
            let fix = Fix::sql([ddl::policy_statement(ddl::row_security(on.name, word))]);
            let say = |word: &str| format!("{word} ROW LEVEL SECURITY");
            on.report((Part::Table, ""), code, sides(say(word), say(other)), fix);
        }
    }
}

fn drop(on: &OnTable<'_>, policy: &str) -> Statement {
    let sql = format!(
        "DROP POLICY {} ON {}",
        ident::name(policy),
        ident::name(on.name)
    );
    Statement::new(Phase::DropPolicy, sql)
}

/// Compares policies. Permissive ones are combined by OR, so an extra one opens the table.
fn policies(on: &mut OnTable<'_>, wanted: &AccessControl, found: &AccessControl) {
    for (name, policy) in &wanted.policies {
        let create = ddl::create_policy(on.name, name, policy);
        match found.policies.get(name) {
            None => {
                let about = on.wanted.columns.iter().map(|column| &column.name);
                let about = about.filter(|column| policy.mentions(column));
                let about: Vec<String> = about.cloned().collect();
                let fix = on.unless_missing(&about, || {
                    Fix::sql([ddl::policy_statement(create.clone())]).into()
                });
                on.named(
                    name,
                    Code::PolicyMissing,
                    sides(create, "no such policy"),
                    fix,
                );
            }
            Some(other) => compare_one(on, name, policy, other, create),
        }
    }
    for (name, policy) in &found.policies {
        if !wanted.policies.contains_key(name) {
            let fix = Fix::sql([drop(on, name)]);
            let found = ddl::create_policy(on.name, name, policy);
            on.named(name, Code::PolicyExtra, sides("no such policy", found), fix);
        }
    }
}

/// The statements that drop the policies that name a column, which Postgres requires for changing it, and recreate
/// those that stay. An extra policy has been dropped before, unless it is suppressed.
pub(crate) fn recreated_policies(on: &OnTable<'_>, column: &str) -> Vec<Statement> {
    let found = on
        .found
        .access_control
        .iter()
        .flat_map(|access_control| &access_control.policies);
    let are_about = found.filter(|(_, policy)| policy.mentions(column));
    let mut all = Vec::new();
    for (name, policy) in are_about {
        let wanted = on.wanted.access_control.as_ref();
        let wanted = wanted.and_then(|access_control| access_control.policies.get(name));
        let subject = Part::Named.subject(on.name, name);
        let meant = on.all.is_suppressed(Code::PolicyExtra, &subject);
        if let Some(again) = wanted.or(meant.then_some(policy)) {
            let create = ddl::create_policy(on.name, name, again);
            all.extend([drop(on, name), ddl::policy_statement(create)]);
        }
    }
    all
}

fn compare_one(on: &mut OnTable<'_>, name: &str, wanted: &Policy, found: &Policy, create: String) {
    let recreate = Fix::sql([drop(on, name), ddl::policy_statement(create)]);
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
    // Without WITH CHECK, USING also applies to written rows.
    let checked = |policy: &Policy| policy.with_check.clone().or(policy.using.clone());
    if kind(wanted) != kind(found) {
        on.named(
            name,
            Code::PolicyKind,
            sides(kind(wanted), kind(found)),
            recreate.clone(),
        );
    }
    if wanted.roles != found.roles {
        on.named(
            name,
            Code::PolicyRoles,
            sides(roles(wanted), roles(found)),
            recreate.clone(),
        );
    }
    if wanted.using != found.using || checked(wanted) != checked(found) {
        let sides = sides(condition(wanted), condition(found));
        on.named(name, Code::PolicyCondition, sides, recreate);
    }
}

/// The text of a privilege.
fn privilege(grant: &Grant) -> String {
    let option = if grant.grantable {
        " WITH GRANT OPTION"
    } else {
        ""
    };
    format!("{} TO {}{option}", grant.privilege, grant.role)
}

/// The statements that revoke a privilege from the application's role. One that it has through another role stays with
/// that role.
fn revoked(verb: &str, grant: &Grant, on: &str) -> Fix {
    if grant.through.is_some() {
        let revoke = grant.revoke.iter();
        return Fix::sql(revoke.map(|sql| Statement::new(Phase::AccessControl, sql)));
    }
    let revoke = format!(
        "{verb} {} ON {on} FROM {}",
        grant.privilege,
        ident::role(&grant.role)
    );
    access_control_fix(match &grant.grantor {
        // A REVOKE by the owner does not affect what another role granted.
        Some(grantor) => {
            let body = format!("BEGIN SET LOCAL ROLE {grantor}; {revoke}; RESET ROLE; END");
            format!("DO {}", ident::dollar_quoted(&body))
        }
        None => revoke,
    })
}

fn grants(on: &mut OnTable<'_>, wanted: &AccessControl, found: &AccessControl) {
    let all = |grants: &[Grant]| match grants.is_empty() {
        true => "nothing".to_owned(),
        false => grants.iter().map(privilege).collect::<Vec<_>>().join(", "),
    };
    let table = ident::name(on.name);
    let same =
        |one: &Grant, other: &Grant| one.privilege == other.privilege && one.role == other.role;
    for grant in &wanted.grants {
        if !found.grants.iter().any(|other| same(grant, other)) {
            let sides = sides(privilege(grant), all(&found.grants));
            let fix = access_control_fix(ddl::grant(on.name, grant));
            on.named(&privilege(grant), Code::GrantMissing, sides, fix);
        }
    }
    for grant in &found.grants {
        if wanted
            .grants
            .iter()
            .any(|other| other.is_same_privilege(grant))
            || is_given_anyway(grant, &wanted.grants)
        {
            continue;
        }
        // A privilege that differs only in its grant option stays.
        let verb = match wanted.grants.iter().any(|other| same(grant, other)) {
            true => "REVOKE GRANT OPTION FOR",
            false => "REVOKE",
        };
        let sides = sides(all(&wanted.grants), privilege(grant));
        let fix = revoked(verb, grant, &table);
        on.named(&privilege(grant), Code::GrantExtra, sides, fix);
    }
}

/// Whether the application's role has through another role only a privilege that it should have itself, or a part of
/// it.
fn is_given_anyway(grant: &Grant, wanted: &[Grant]) -> bool {
    let (privilege, _) = grant
        .privilege
        .split_once(" (")
        .unwrap_or((&grant.privilege, ""));
    let is_it = |own: &Grant| own.through.is_none() && own.privilege == privilege;
    grant.through.is_some() && !grant.grantable && wanted.iter().any(is_it)
}
