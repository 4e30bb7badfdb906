//! Who a transaction runs as, and the claims that row level security reads.

use std::sync::Arc;

use super::Postgres;
use crate::dialect::{Access, Extent, Opening};
use crate::error::{Error, ErrorKind, Result};
use crate::scope::Scope;
use crate::statement::quoted;

/// What scoped work runs as, decided when the store is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ScopedRole {
    /// The role that logged in: it owns nothing and row level security binds it.
    Login,
    /// Another role, which each transaction switches to.
    Switch(String),
    /// None: the reason says why row level security would not hold.
    Refused(String),
}

/// The role of a store's connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(super) scoped: ScopedRole,
    /// The role that logged in.
    pub(super) login: String,
    /// Whether the role that logged in sees the rows of every owner.
    pub(super) sees_all: bool,
    /// The tables whose row level security is off.
    pub(super) unguarded: Arc<[String]>,
}

impl Role {
    /// The same role, whose scoped work is refused if one of these tables would not hold a scope.
    pub(super) fn guarding(mut self, mut owned: impl Iterator<Item = &'static str>) -> Self {
        let unguarded = owned.find(|table| self.unguarded.iter().any(|name| name == table));
        if let Some(table) = unguarded {
            self.scoped =
                ScopedRole::Refused(format!("row level security of the table {table} is off"));
        }
        self
    }
}

/// What the store asks about its login role when it opens.
///
/// A role that may become one which bypasses policies counts as such itself. Since Postgres 16 a member of a
/// role may lack the right to switch to it.
pub(super) fn ask(application: &str) -> String {
    let application = application.replace('\'', "''");
    let may_bypass = |role: &str| {
        format!(
            "EXISTS (SELECT FROM pg_roles AS other WHERE (other.rolsuper OR other.rolbypassrls) \
             AND pg_has_role({role}.oid, other.oid, 'MEMBER'))"
        )
    };
    let owns = |role: &str| {
        format!(
            "EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r', 'p') \
             AND pg_has_role({role}.oid, c.relowner, 'MEMBER'))"
        )
    };
    format!(
        "SELECT login.rolname, login.rolsuper OR login.rolbypassrls, {}, {}, app.oid IS NOT NULL, \
         coalesce(CASE WHEN current_setting('server_version_num')::int4 >= 160000 \
         THEN pg_has_role(login.oid, app.oid, 'SET') \
         ELSE pg_has_role(login.oid, app.oid, 'MEMBER') END, false), \
         app.oid IS NOT NULL AND {}, {} \
         FROM pg_roles AS login LEFT JOIN pg_roles AS app ON app.rolname = '{application}' \
         WHERE login.rolname = current_user",
        may_bypass("login"),
        owns("login"),
        may_bypass("app"),
        owns("app"),
    )
}

/// The tables that a scope would not be held by: their row level security is off.
pub(super) const UNGUARDED: &str = "\
    SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
    WHERE n.nspname = ANY (current_schemas(false)) AND pg_table_is_visible(c.oid) \
    AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity";

/// The answer to [`ask`].
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) login: String,
    /// It is a superuser or has BYPASSRLS.
    pub(super) login_bypasses: bool,
    /// So is it, or a role of which it is a member.
    pub(super) login_may_bypass: bool,
    pub(super) login_owns: bool,
    pub(super) application_exists: bool,
    pub(super) login_is_member: bool,
    pub(super) application_may_bypass: bool,
    pub(super) application_owns: bool,
}

impl Answer {
    pub(super) fn role(&self, application: &str, unguarded: Arc<[String]>) -> Role {
        const WIDE: &str =
            "is a superuser, has BYPASSRLS or owns tables, or is a member of a role that does";
        let login_is_plain = !self.login_may_bypass && !self.login_owns;
        let login = &self.login;
        let scoped = if self.login == application && login_is_plain {
            ScopedRole::Login
        } else if self.application_exists && self.login_is_member {
            if self.application_may_bypass || self.application_owns {
                ScopedRole::Refused(format!(
                    "the application role {application} is not bound by row level security: it {WIDE}"
                ))
            } else {
                ScopedRole::Switch(application.to_owned())
            }
        } else if login_is_plain {
            ScopedRole::Login
        } else if self.application_exists {
            ScopedRole::Refused(format!(
                "the role {login} {WIDE}, and is no member of {application}: GRANT {application} TO {login}"
            ))
        } else {
            ScopedRole::Refused(format!(
                "the role {login} {WIDE}, and there is no role {application} to switch to: run the \
                 migrations, which make it"
            ))
        };
        Role {
            scoped,
            login: login.clone(),
            sees_all: self.login_bypasses,
            unguarded,
        }
    }
}

/// The text that begins a transaction as the scope needs it; `None` for a statement that needs none.
///
/// The claims are the setting that PostgREST and Supabase make: `request.jwt.claims`, an object whose
/// `sub` is the owner. Role and claims end with the transaction. `settings` are what each transaction sets
/// for itself behind a pooler, where nothing may run outside of one: two messages of one statement may
/// reach two servers.
pub(super) fn begin(
    role: &Role,
    settings: Option<&str>,
    scope: &Scope,
    access: Access,
    extent: Extent,
) -> Result<Option<Opening>> {
    let begin = match (access, extent) {
        (Access::Read, Extent::Unit) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        (Access::Read, _) => "BEGIN READ ONLY",
        (Access::Write, Extent::SerializableUnit) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        (Access::Write, _) => "BEGIN",
    };
    // The snapshot is taken now, as on SQLite, and not by the first read.
    let snapshot = match (access, extent) {
        (Access::Read, Extent::Unit) | (Access::Write, Extent::SerializableUnit) => "; SELECT 1",
        _ => "",
    };
    let begin = match settings {
        None => begin.to_owned(),
        Some(settings) => format!("{begin}; {settings}"),
    };
    let Some(owner) = scope.owner_id() else {
        let needed = extent != Extent::Statement || settings.is_some();
        return Ok(needed.then(|| Opening {
            text: format!("{begin}{snapshot}").into(),
            transaction: true,
            unchanged: String::new(),
        }));
    };
    let (name, switch) = match &role.scoped {
        ScopedRole::Login => (&role.login, String::new()),
        ScopedRole::Switch(name) => {
            let switch = format!("SET LOCAL ROLE {}; ", quoted::<Postgres>(name));
            (name, switch)
        }
        ScopedRole::Refused(reason) => {
            return Err(ErrorKind::Permission {
                reason: reason.clone().into(),
            }
            .into());
        }
    };
    let claims = format!("{{\"sub\":\"{}\"}}", owner.as_hyphenated());
    Ok(Some(Opening {
        text: format!("{begin}; {switch}SET LOCAL request.jwt.claims = '{claims}'{snapshot}")
            .into(),
        transaction: true,
        unchanged: format!(
            "SELECT CASE WHEN current_user = '{}' \
             AND current_setting('request.jwt.claims', true) = '{claims}' \
             THEN 1 ELSE ('{CHANGED}' || current_user)::int4 END",
            name.replace('\'', "''")
        ),
    }))
}

/// What the error that the statement [`unchanged`](Opening::unchanged) gives quotes: no number begins so.
const CHANGED: &str = "catamaran: changed to ";

/// What a control statement's error means, if it is that one.
pub(super) fn judge(error: Error) -> Error {
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
        reason: "SQL of the application's own changed the role or the claims of the transaction, which was \
                 rolled back"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer {
            login: "ann".to_owned(),
            login_bypasses: false,
            login_may_bypass: false,
            login_owns: false,
            application_exists: true,
            login_is_member: true,
            application_may_bypass: false,
            application_owns: false,
        }
    }

    #[test]
    fn a_role_that_policies_do_not_bind_never_does_scoped_work() {
        let mut owner = answer();
        owner.login_owns = true;
        owner.login_is_member = false;
        let mut superuser = answer();
        superuser.login_may_bypass = true;
        superuser.application_exists = false;
        superuser.login_is_member = false;
        let mut wide = answer();
        wide.application_may_bypass = true;
        for answer in [owner, superuser, wide] {
            let role = answer.role("app", Arc::default());
            assert!(matches!(role.scoped, ScopedRole::Refused(_)), "{role:?}");
        }
    }

    #[test]
    fn a_superuser_switches_to_the_application_role() {
        let mut superuser = answer();
        superuser.login_bypasses = true;
        superuser.login_may_bypass = true;
        let role = superuser.role("app", Arc::default());
        assert_eq!(role.scoped, ScopedRole::Switch("app".to_owned()));
        assert!(role.sees_all);
    }

    #[test]
    fn behind_a_pooler_a_single_statement_has_a_transaction_with_the_settings() {
        let role = answer().role("app", Arc::default());
        let system = Scope::system("a test");
        let settings = Some("SET LOCAL lock_timeout = 5");
        let begin = begin(&role, settings, &system, Access::Read, Extent::Statement);
        insta::assert_snapshot!(begin.ok().flatten().map(|opening| opening.text).unwrap_or_default(), @"BEGIN READ ONLY; SET LOCAL lock_timeout = 5");
    }

    #[test]
    fn scoped_work_begins_in_one_text() {
        let role = answer().role("a\"pp", Arc::default());
        let owner = Scope::owner(uuid::Uuid::nil());
        let begin = begin(&role, None, &owner, Access::Write, Extent::Statement);
        insta::assert_snapshot!(begin.ok().flatten().map(|opening| opening.text).unwrap_or_default(), @r#"BEGIN; SET LOCAL ROLE "a""pp"; SET LOCAL request.jwt.claims = '{"sub":"00000000-0000-0000-0000-000000000000"}'"#);
    }
}
