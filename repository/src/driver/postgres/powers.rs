//! The powers that let a role evade row level security, as one SQL expression over the catalog.
//!
//! A role has the powers of every role that it is a member of, directly or indirectly, with or without inheritance.
//!
//! `CREATEDB` is not one of them. A role with it can copy a template, but the tables of the copy have the same owners
//! and policies.

/// Attributes of a role: name, the attribute that revokes it, and the column of `pg_roles`.
const ATTRIBUTES: &str = "('SUPERUSER', 'NOSUPERUSER', other.rolsuper), \
    ('BYPASSRLS', 'NOBYPASSRLS', other.rolbypassrls), \
    ('CREATEROLE', 'NOCREATEROLE', other.rolcreaterole), \
    ('REPLICATION', 'NOREPLICATION', other.rolreplication)";

/// Predefined roles whose members access files and programs of the server, read samples of every owner's rows
/// (`pg_statistic`) or the running statements with their values (`pg_stat_activity`), or write as other roles (a
/// subscription, since version 16). See <https://www.postgresql.org/docs/current/predefined-roles.html>.
///
/// Others give no such power: `pg_write_all_data` is subject to policies, and the rest end sessions or maintain tables.
const PREDEFINED: &str = "'pg_execute_server_program', 'pg_read_server_files', \
    'pg_write_server_files', 'pg_create_subscription', 'pg_read_all_data', 'pg_read_all_stats'";

/// The first version with privileges on parameters.
const HAS_PARAMETER_ACL: u32 = 150_000;

/// An SQL expression that lists the powers of a role, each with the statement that revokes it, separated by `; `. Empty
/// if it has none.
///
/// `role` is the alias of a row of `pg_roles`. `version` is the server's; an unknown one counts as new. The catalog
/// must be first on the search path.
pub(crate) fn powers(role: &str, version: Option<u32>) -> String {
    // A superuser counts as a member of every role. Its own attributes are enough.
    let may_become = |other: &str| {
        format!(
            "CASE WHEN {role}.rolsuper THEN {role}.oid = {other} \
             ELSE pg_has_role({role}.oid, {other}, 'MEMBER') END"
        )
    };
    let revoke = format!(
        "(SELECT coalesce(string_agg(DISTINCT format('REVOKE %I FROM %I', other.rolname, member.rolname), ', '), '') \
         FROM pg_auth_members AS held JOIN pg_roles AS member ON member.oid = held.member \
         WHERE held.roleid = other.oid AND {})",
        may_become("member.oid")
    );
    let is_other = may_become("other.oid");
    let mut parts = vec![
        format!(
            "SELECT CASE WHEN other.oid = {role}.oid \
             THEN format('it has %s (ALTER ROLE %I %s)', power.name, other.rolname, power.lost) \
             ELSE format('it is a member of a role that has %s, %I (%s)', power.name, other.rolname, {revoke}) \
             END AS words FROM pg_roles AS other \
             CROSS JOIN LATERAL (VALUES {ATTRIBUTES}) AS power (name, lost, has) \
             WHERE power.has AND (power.name = 'SUPERUSER' OR NOT other.rolsuper) AND {is_other}"
        ),
        format!(
            "SELECT format('it is a member of a role that evades row level security, %I (%s)', other.rolname, {revoke}) \
             FROM pg_roles AS other \
             WHERE other.rolname IN ({PREDEFINED}) AND other.oid <> {role}.oid AND {is_other}"
        ),
    ];
    if version.is_none_or(|version| version >= HAS_PARAMETER_ACL) {
        let is_grantee = may_become("acl.grantee");
        parts.push(format!(
            "SELECT format('it may set session_replication_role \
             (REVOKE ALL ON PARAMETER session_replication_role FROM %s)', \
             string_agg(DISTINCT CASE acl.grantee WHEN 0 THEN 'PUBLIC' \
             ELSE quote_ident(pg_get_userbyid(acl.grantee)) END, ', ')) \
             FROM pg_parameter_acl AS parameter CROSS JOIN LATERAL aclexplode(parameter.paracl) AS acl \
             WHERE parameter.parname = 'session_replication_role' AND NOT {role}.rolsuper \
             AND CASE acl.grantee WHEN 0 THEN true ELSE {is_grantee} END HAVING count(*) > 0"
        ));
    }
    let parts = parts.join(" UNION ALL ");
    format!(
        "(SELECT coalesce(string_agg(words, '; ' ORDER BY words), '') FROM ({parts}) AS powers)"
    )
}
