//! Who a transaction runs as, and the claims that row level security reads.

use super::Postgres;
use crate::dialect::{Access, Extent};
use crate::error::{ErrorKind, Result};
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
    /// Whether the role that logged in sees the rows of every owner.
    pub(super) sees_all: bool,
}

/// What the store asks about its login role when it opens. Parameter 1 is the application role. Since
/// Postgres 16 a member of a role may lack the right to switch to it.
pub(super) const ASK: &str = "\
    SELECT login.rolname::text, \
        login.rolsuper OR login.rolbypassrls, \
        EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
            WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r', 'p') \
            AND pg_has_role(login.oid, c.relowner, 'MEMBER')), \
        app.oid IS NOT NULL, \
        coalesce(CASE WHEN current_setting('server_version_num')::int4 >= 160000 \
            THEN pg_has_role(login.oid, app.oid, 'SET') \
            ELSE pg_has_role(login.oid, app.oid, 'MEMBER') END, false), \
        coalesce(app.rolsuper OR app.rolbypassrls, false), \
        EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
            WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r', 'p') \
            AND pg_has_role(app.oid, c.relowner, 'MEMBER')) \
    FROM pg_roles AS login LEFT JOIN pg_roles AS app ON app.rolname = $1 \
    WHERE login.rolname = current_user";

/// The answer to [`ASK`].
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) login: String,
    pub(super) login_bypasses: bool,
    pub(super) login_owns: bool,
    pub(super) application_exists: bool,
    pub(super) login_is_member: bool,
    pub(super) application_bypasses: bool,
    pub(super) application_owns: bool,
}

impl Answer {
    pub(super) fn role(&self, application: &str) -> Role {
        let login_is_plain = !self.login_bypasses && !self.login_owns;
        let login = &self.login;
        let scoped = if self.login == application && login_is_plain {
            ScopedRole::Login
        } else if self.application_exists && self.login_is_member {
            if self.application_bypasses || self.application_owns {
                ScopedRole::Refused(format!(
                    "the application role {application} is not bound by row level security: it is a \
                     superuser, has BYPASSRLS, or owns tables"
                ))
            } else {
                ScopedRole::Switch(application.to_owned())
            }
        } else if login_is_plain {
            ScopedRole::Login
        } else if self.application_exists {
            ScopedRole::Refused(format!(
                "the role {login} is a superuser, has BYPASSRLS or owns tables, and is no member of \
                 {application}: GRANT {application} TO {login}"
            ))
        } else {
            ScopedRole::Refused(format!(
                "the role {login} is a superuser, has BYPASSRLS or owns tables, and there is no role \
                 {application} to switch to: run the migrations, which make it"
            ))
        };
        Role {
            scoped,
            sees_all: self.login_bypasses,
        }
    }
}

/// The text that begins a transaction as the scope needs it; `None` for a statement that needs none.
///
/// The claims are the setting that PostgREST and Supabase make: `request.jwt.claims`, an object whose
/// `sub` is the owner. Role and claims end with the transaction.
pub(super) fn begin(
    role: &Role,
    scope: &Scope,
    access: Access,
    extent: Extent,
) -> Result<Option<String>> {
    let begin = match (access, extent) {
        (Access::Read, Extent::Unit) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        (Access::Read, _) => "BEGIN READ ONLY",
        (Access::Write, Extent::SerializableUnit) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        (Access::Write, _) => "BEGIN",
    };
    let Some(owner) = scope.owner_id() else {
        return Ok((extent != Extent::Statement).then(|| begin.to_owned()));
    };
    let switch = match &role.scoped {
        ScopedRole::Login => String::new(),
        ScopedRole::Switch(name) => format!("SET LOCAL ROLE {}; ", quoted::<Postgres>(name)),
        ScopedRole::Refused(reason) => {
            return Err(ErrorKind::Permission {
                reason: reason.clone().into(),
            }
            .into());
        }
    };
    let owner = owner.as_hyphenated();
    Ok(Some(format!(
        "{begin}; {switch}SET LOCAL request.jwt.claims = '{{\"sub\":\"{owner}\"}}'"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer {
            login: "ann".to_owned(),
            login_bypasses: false,
            login_owns: false,
            application_exists: true,
            login_is_member: true,
            application_bypasses: false,
            application_owns: false,
        }
    }

    #[test]
    fn a_role_that_policies_do_not_bind_never_does_scoped_work() {
        let mut owner = answer();
        owner.login_owns = true;
        owner.login_is_member = false;
        let mut superuser = answer();
        superuser.login_bypasses = true;
        superuser.application_exists = false;
        superuser.login_is_member = false;
        let mut wide = answer();
        wide.application_bypasses = true;
        for answer in [owner, superuser, wide] {
            let role = answer.role("app");
            assert!(matches!(role.scoped, ScopedRole::Refused(_)), "{role:?}");
        }
    }

    #[test]
    fn a_superuser_switches_to_the_application_role() {
        let mut superuser = answer();
        superuser.login_bypasses = true;
        let role = superuser.role("app");
        assert_eq!(role.scoped, ScopedRole::Switch("app".to_owned()));
        assert!(role.sees_all);
    }

    #[test]
    fn scoped_work_begins_in_one_text() {
        let role = answer().role("a\"pp");
        let owner = Scope::owner(uuid::Uuid::nil());
        let begin = begin(&role, &owner, Access::Write, Extent::Statement);
        insta::assert_snapshot!(begin.ok().flatten().unwrap_or_default(), @r#"BEGIN; SET LOCAL ROLE "a""pp"; SET LOCAL request.jwt.claims = '{"sub":"00000000-0000-0000-0000-000000000000"}'"#);
    }
}
