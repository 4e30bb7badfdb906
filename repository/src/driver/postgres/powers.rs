//! What makes a role more than row level security holds: the one definition, as SQL over the catalog.
//!
//! A role counts as what it may become: it has what any role has that it is a member of, at any remove, whether
//! or not it inherits.
//!
//! `CREATEDB` is not among them: who may create a database may copy a template, and in a copy the tables keep their
//! owners and their policies.

/// The attributes of a role, and what takes each away.
const ATTRIBUTES: &str = "('SUPERUSER', 'NOSUPERUSER', other.rolsuper), \
    ('BYPASSRLS', 'NOBYPASSRLS', other.rolbypassrls), \
    ('CREATEROLE', 'NOCREATEROLE', other.rolcreaterole), \
    ('REPLICATION', 'NOREPLICATION', other.rolreplication)";

/// The roles that Postgres makes whose members reach the files and programs of the server, read what statistics keep of
/// every owner (`pg_statistic`), or write as others do (since version 16: a subscription). See
/// <https://www.postgresql.org/docs/current/predefined-roles.html>.
///
/// The others are none of these: `pg_write_all_data` is bound by policies, `pg_monitor` and its parts show no rows, and
/// what is left ends sessions or maintains tables.
const PREDEFINED: &str = "'pg_execute_server_program', 'pg_read_server_files', \
    'pg_write_server_files', 'pg_create_subscription', 'pg_read_all_data'";

/// The first version whose parameters have privileges.
const HAS_PARAMETER_ACL: u32 = 150_000;

/// An expression of SQL: what the role has, each with the statement that takes it away, as one text with `; `
/// between; empty if it has nothing. `role` is the name of a row of `pg_roles`, and `version` the server's: an
/// unknown one counts as new. Expects the catalog to be first on the search path.
pub(crate) fn powers(role: &str, version: Option<u32>) -> String {
    // A superuser is a member of every role, and one attribute says all about it.
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
            "SELECT format('it is a member of a role that reaches past the tables, %I (%s)', other.rolname, {revoke}) FROM pg_roles AS other \
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
