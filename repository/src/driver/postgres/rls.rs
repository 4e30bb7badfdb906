//! The role of a transaction, and the claims that row level security reads.

use std::sync::Arc;

use uuid::Uuid;

use super::Postgres;
use super::powers::powers;
use super::search_path::{SETTING, literal};
use crate::driver::{Access, Begin, Extent, Sending};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::scope::Scope;
use crate::sql::quoted;

/// The role of scoped work, chosen when the store opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ScopedRole {
    /// The login role: it owns nothing, and row level security applies to it.
    Login,
    /// Another role. Each transaction switches to it.
    Switch(String),
    /// None. Contains why row level security would not apply.
    Refused(String),
}

/// The role of a store's connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(super) scoped: ScopedRole,
    /// The login role.
    pub(super) login: String,
    /// Whether the login role sees the rows of every owner.
    pub(super) sees_all: bool,
    /// The tables whose row level security is off.
    pub(super) unguarded: Arc<[String]>,
    /// The statement with which the login role may use the first schema that it may not use. Empty if there is none.
    pub(super) lacks_usage: String,
}

impl Role {
    /// Refuses scoped work if row level security of one of these tables is off.
    pub(super) fn require_rls(mut self, mut owned: impl Iterator<Item = &'static str>) -> Self {
        let unguarded = owned.find(|table| self.unguarded.iter().any(|name| name == table));
        if let Some(table) = unguarded {
            self.scoped =
                ScopedRole::Refused(format!("row level security of the table {table} is off"));
        }
        self
    }
}

/// The query of the login role, the application's role and the schemas, run when the store opens.
///
/// A role that may switch to one that bypasses policies counts as such itself; see [`powers`]. Since Postgres 16 a
/// member of a role may lack the right to switch to it.
pub(super) fn role_query(application: &str, schemas: &[String], version: Option<u32>) -> String {
    let application = literal(application);
    let schemas = array(schemas);
    // Not `current_schemas`: it omits schemas that the login may not use, and the application's role may.
    let tables = format!(
        "pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         AND n.nspname = ANY ({schemas}) AND c.relkind IN ('r', 'p')"
    );
    // The owner of a function that a policy calls can replace its body.
    let owns = |role: &str| {
        format!(
            "(SELECT coalesce(max(owned.thing), '') FROM (\
             SELECT format('TABLE %I.%I', n.nspname, c.relname) AS thing, c.relowner AS owner FROM {tables} \
             UNION ALL SELECT format('FUNCTION %s', f.oid::regprocedure), f.proowner FROM {tables} \
             JOIN pg_policy AS policy ON policy.polrelid = c.oid \
             JOIN pg_depend AS used ON used.classid = 'pg_policy'::regclass AND used.objid = policy.oid \
             AND used.refclassid = 'pg_proc'::regclass JOIN pg_proc AS f ON f.oid = used.refobjid) AS owned \
             WHERE NOT {role}.rolsuper AND pg_has_role({role}.oid, owned.owner, 'MEMBER'))"
        )
    };
    let may_use = |role: &str| {
        format!(
            "has_schema_privilege({role}.oid, n.oid, 'USAGE') \
             AND (has_any_column_privilege({role}.oid, c.oid, 'SELECT, INSERT, UPDATE') \
             OR has_table_privilege({role}.oid, c.oid, 'DELETE'))"
        )
    };
    let may_switch = "coalesce(CASE WHEN current_setting('server_version_num')::int4 >= 160000 \
         THEN pg_has_role(login.oid, app.oid, 'SET') \
         ELSE pg_has_role(login.oid, app.oid, 'MEMBER') END, false)";
    format!(
        "SELECT login.rolname, login.rolsuper OR login.rolbypassrls, {}, {}, app.oid IS NOT NULL, \
         {may_switch}, CASE WHEN app.oid IS NULL THEN '' ELSE {} END, {}, \
         (SELECT coalesce(CASE WHEN count(*) FILTER (WHERE {}) = 0 THEN min(c.relname) FILTER (WHERE {}) END, '') \
         FROM {tables} AND c.relrowsecurity), \
         coalesce((SELECT quote_ident(min(name)) FROM unnest({schemas}) AS name \
         WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = name)), ''), \
         format('GRANT %I TO %I%s', {application}::text, login.rolname, \
         CASE WHEN NOT {may_switch} AND pg_has_role(login.oid, app.oid, 'MEMBER') THEN ' WITH SET TRUE' END), \
         coalesce((SELECT format('GRANT USAGE ON SCHEMA %I TO %I', min(nspname), login.rolname) FROM pg_namespace \
         WHERE nspname = ANY ({schemas}) AND NOT has_schema_privilege(login.oid, oid, 'USAGE') HAVING count(*) > 0), '') \
         FROM pg_roles AS login LEFT JOIN pg_roles AS app ON app.rolname = {application} \
         WHERE login.rolname = current_user",
        powers("login", version),
        owns("login"),
        powers("app", version),
        owns("app"),
        may_use("login"),
        may_use("app"),
    )
}

/// The query of the tables whose row level security is off. Of several tables with one name, the first one on the path
/// counts.
pub(super) fn unguarded_query(schemas: &[String]) -> String {
    let schemas = array(schemas);
    format!(
        "SELECT relname FROM (SELECT DISTINCT ON (c.relname) c.relname, c.relrowsecurity FROM pg_class AS c \
         JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE n.nspname = ANY ({schemas}) AND c.relkind IN ('r', 'p') \
         ORDER BY c.relname, array_position({schemas}, n.nspname)) AS tables WHERE NOT relrowsecurity"
    )
}

/// The names as an SQL array.
fn array(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    format!("ARRAY[{}]::name[]", names.join(", "))
}

/// The result of [`role_query`].
#[derive(Debug)]
pub(super) struct RoleFacts {
    pub(super) login: String,
    /// Whether it is a superuser or has BYPASSRLS.
    pub(super) login_bypasses: bool,
    /// The powers that evade policies; see [`powers`].
    pub(super) login_powers: String,
    /// A table with policies, or a function of one, that it or a role of its owns: `TABLE ..` or `FUNCTION ..`. May be
    /// empty.
    pub(super) login_owns: String,
    pub(super) application_exists: bool,
    pub(super) login_is_member: bool,
    pub(super) application_powers: String,
    pub(super) application_owns: String,
    /// A table with policies that the application's role may use, if the login may use none. Otherwise empty.
    pub(super) login_lacks: String,
    /// The statement that makes the login a member of the application's role.
    pub(super) remedy: String,
    /// As in [`Role`].
    pub(super) lacks_usage: String,
}

/// Why policies do not apply to a role, as the end of a sentence. Empty if they do.
fn exemption(powers: &str, owns: &str) -> String {
    let owns = match owns {
        "" => String::new(),
        thing => format!(
            "it, or a role that it is a member of, owns tables or functions of their policies, such as {thing} \
             (ALTER {thing} OWNER TO another role)"
        ),
    };
    let reasons = [powers, &owns];
    let reasons: Vec<&str> = reasons
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    reasons.join("; ")
}

impl RoleFacts {
    pub(super) fn role(&self, application: &str, unguarded: Arc<[String]>) -> Role {
        let RoleFacts { login, remedy, .. } = self;
        let login_exemption = exemption(&self.login_powers, &self.login_owns);
        let application_exemption = exemption(&self.application_powers, &self.application_owns);
        let login_is_plain = login_exemption.is_empty();
        let scoped = if login == application && login_is_plain {
            ScopedRole::Login
        } else if self.application_exists && self.login_is_member {
            match application_exemption.is_empty() {
                true => ScopedRole::Switch(application.to_owned()),
                false => ScopedRole::Refused(format!(
                    "row level security does not apply to the application role {application}: {application_exemption}"
                )),
            }
        } else if login_is_plain {
            match self.login_lacks.as_str() {
                "" => ScopedRole::Login,
                table => ScopedRole::Refused(format!(
                    "the role {login} may not use the table {table}, and is not a member of {application}, which may: \
                     {remedy}"
                )),
            }
        } else if self.application_exists {
            ScopedRole::Refused(format!(
                "row level security does not apply to the role {login}, which is not a member of {application}: \
                 {remedy}; or remove the exemption: {login_exemption}"
            ))
        } else {
            ScopedRole::Refused(format!(
                "row level security does not apply to the role {login}, and there is no role {application} to switch \
                 to: run the migrations, which create it; or remove the exemption: {login_exemption}"
            ))
        };
        Role {
            scoped,
            login: login.clone(),
            sees_all: self.login_bypasses,
            unguarded,
            lacks_usage: self.lacks_usage.clone(),
        }
    }
}

/// The SQL that begins a transaction in a scope, or `None` for a statement that needs no transaction.
///
/// The claims are the setting of PostgREST and Supabase: `request.jwt.claims`, an object whose `sub` is the owner. Role
/// and claims end with the transaction. `path` is the search path as a literal; it must still be set at the end.
///
/// `pooled` are the statements that each transaction runs behind a pooler. There, every statement needs a
/// transaction: a pooler may send two messages of one statement to two servers.
pub(super) fn begin(
    role: &Role,
    path: &str,
    pooled: Option<&str>,
    scope: &Scope,
    access: Access,
    extent: Extent,
) -> Result<Option<Begin>> {
    let opening = match (access, extent) {
        (Access::Read, Extent::Unit) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        (Access::Read, _) => "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
        (Access::Write, Extent::SerializableUnit) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        // Not the default of the role or the database. Whether it may write stays theirs.
        (Access::Write, _) => "BEGIN ISOLATION LEVEL READ COMMITTED",
    };
    let takes_snapshot = matches!(
        (access, extent),
        (Access::Read, Extent::Unit) | (Access::Write, Extent::SerializableUnit)
    );
    let mut begin = Begin {
        opening,
        role: None,
        settings: pooled
            .iter()
            .map(|settings| (*settings).to_owned())
            .collect(),
        transaction: true,
        sending: match (pooled, access, extent) {
            // A pooler may send a later message to another server, where the statement is not prepared.
            (Some(_), ..) => Sending::Now,
            (None, _, Extent::Statement) => Sending::WithEach,
            (None, Access::Write, Extent::Transaction | Extent::Unit) => Sending::WithFirst,
            (None, ..) => Sending::Now,
        },
        guard_query: String::new(),
    };
    match scope.owner_id() {
        None if extent == Extent::Statement && pooled.is_none() => return Ok(None),
        None => {}
        Some(owner) => limit_to(&mut begin, role, path, owner)?,
    }
    if takes_snapshot {
        // Now, as on SQLite, and not at the first read.
        begin.settings.push("SELECT 1".to_owned());
    }
    Ok(Some(begin))
}

/// Limits a transaction to the rows of an owner: by the role, and by the claims.
fn limit_to(begin: &mut Begin, role: &Role, path: &str, owner: Uuid) -> Result<()> {
    let name = match &role.scoped {
        ScopedRole::Login => &role.login,
        ScopedRole::Switch(name) => {
            begin.role = Some(format!("SET LOCAL ROLE {}", quoted::<Postgres>(name)));
            name
        }
        ScopedRole::Refused(reason) => {
            return Err(ErrorKind::Permission {
                reason: reason.clone().into(),
            }
            .into());
        }
    };
    let claims = format!("{{\"sub\":\"{}\"}}", owner.as_hyphenated());
    let set = format!("SET LOCAL request.jwt.claims = '{claims}'");
    begin.settings.push(set);
    // The search path may have changed, so every name is qualified.
    begin.guard_query = format!(
        "SELECT CASE WHEN current_user::pg_catalog.text OPERATOR(pg_catalog.=) {} \
             AND pg_catalog.current_setting('request.jwt.claims', true) OPERATOR(pg_catalog.=) '{claims}' \
             AND pg_catalog.current_setting('{SETTING}') OPERATOR(pg_catalog.=) {path} \
             THEN 1 ELSE ('{CHANGED}' OPERATOR(pg_catalog.||) current_user::pg_catalog.text)::pg_catalog.int4 END",
        literal(name)
    );
    Ok(())
}

/// The start of the text that a failing [`guard_query`](Begin::guard_query) casts to a number, which its error quotes.
const CHANGED: &str = "catamaran: changed to ";

/// Converts the error of a [`guard_query`](Begin::guard_query). Returns any other error unchanged.
pub(super) fn explain_guard(error: Error) -> Error {
    let is_ours = error.code() == Some("22P02")
        && error
            .driver_message()
            .is_some_and(|message| message.contains(CHANGED));
    match is_ours {
        true => error.with_kind(changed()),
        false => error,
    }
}

fn changed() -> ErrorKind {
    ErrorKind::Permission {
        reason: "custom SQL changed the role, the claims or the search path of the transaction, which was rolled back"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "'\"public\", pg_temp'";

    fn plain_login() -> RoleFacts {
        RoleFacts {
            login: "ann".to_owned(),
            login_bypasses: false,
            login_powers: String::new(),
            login_owns: String::new(),
            application_exists: true,
            login_is_member: true,
            application_powers: String::new(),
            application_owns: String::new(),
            login_lacks: String::new(),
            lacks_usage: String::new(),
            remedy: "GRANT app TO ann".to_owned(),
        }
    }

    #[test]
    fn a_role_that_is_exempt_from_policies_never_does_scoped_work() {
        let mut owner = plain_login();
        owner.login_owns = "TABLE public.habits".to_owned();
        owner.login_is_member = false;
        let mut superuser = plain_login();
        superuser.login_powers = "it has SUPERUSER".to_owned();
        superuser.application_exists = false;
        superuser.login_is_member = false;
        let mut wide = plain_login();
        wide.application_powers = "it has BYPASSRLS".to_owned();
        let mut stranger = plain_login();
        stranger.login_is_member = false;
        stranger.login_lacks = "habits".to_owned();
        for facts in [owner, superuser, wide, stranger] {
            let role = facts.role("app", Arc::default());
            assert!(matches!(role.scoped, ScopedRole::Refused(_)), "{role:?}");
        }
    }

    #[test]
    fn a_superuser_switches_to_the_application_role() {
        let mut superuser = plain_login();
        superuser.login_bypasses = true;
        superuser.login_powers = "it has SUPERUSER".to_owned();
        let role = superuser.role("app", Arc::default());
        assert_eq!(role.scoped, ScopedRole::Switch("app".to_owned()));
        assert!(role.sees_all);
    }

    #[test]
    fn behind_a_pooler_a_single_statement_has_a_transaction_with_the_settings() {
        let role = plain_login().role("app", Arc::default());
        let system = Scope::system("a test");
        let settings = Some("SET LOCAL lock_timeout = 5");
        let begin = begin(
            &role,
            PATH,
            settings,
            &system,
            Access::Read,
            Extent::Statement,
        );
        insta::assert_snapshot!(begin.ok().flatten().map(|begin| begin.text()).unwrap_or_default(), @"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL lock_timeout = 5");
    }

    #[test]
    fn a_scoped_transaction_begins_with_one_text() {
        let role = plain_login().role("a\"pp", Arc::default());
        let owner = Scope::owner(uuid::Uuid::nil());
        let begin = begin(&role, PATH, None, &owner, Access::Write, Extent::Statement);
        insta::assert_snapshot!(begin.ok().flatten().map(|begin| begin.text()).unwrap_or_default(), @r#"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL ROLE "a""pp"; SET LOCAL request.jwt.claims = '{"sub":"00000000-0000-0000-0000-000000000000"}'"#);
    }
}
