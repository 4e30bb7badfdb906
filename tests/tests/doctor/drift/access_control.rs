//! Row level security, policies and grants.

use catamaran::doctor::Code::*;

use super::{Drift, OWNER, postgres};

pub(super) const DRIFTS: &[Drift] = &[
    postgres(
        "policy weaker",
        "DROP POLICY owner_devices ON devices; CREATE POLICY owner_devices ON devices USING (user_id = (SELECT \
         nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid HAVING false)) \
         WITH CHECK (user_id = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))",
        PolicyCondition,
        OWNER,
    ),
    postgres(
        "policy for a function of the name of a word",
        "CREATE FUNCTION public.\"nullif\"(a text, b text) RETURNS text IMMUTABLE LANGUAGE sql RETURN a; \
         DROP POLICY owner_devices ON devices; CREATE POLICY owner_devices ON devices USING (user_id = (SELECT \
         \"nullif\"(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid)) \
         WITH CHECK (user_id = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))",
        PolicyCondition,
        OWNER,
    ),
    postgres(
        "RLS off",
        "ALTER TABLE devices DISABLE ROW LEVEL SECURITY",
        RowSecurityOff,
        "devices",
    ),
    postgres(
        "RLS not forced",
        "ALTER TABLE devices NO FORCE ROW LEVEL SECURITY",
        RowSecurityNotForced,
        "devices",
    ),
    postgres(
        "policy missing",
        "DROP POLICY owner_devices ON devices",
        PolicyMissing,
        OWNER,
    ),
    postgres(
        "policy extra, permissive",
        "CREATE POLICY support ON devices USING (platform = 'ios')",
        PolicyExtra,
        "devices: support",
    ),
    postgres(
        "policy weaker",
        "ALTER POLICY owner_devices ON devices USING (true)",
        PolicyCondition,
        OWNER,
    ),
    postgres(
        "policy weaker for writes",
        "ALTER POLICY owner_devices ON devices WITH CHECK (user_id IS NOT NULL)",
        PolicyCondition,
        OWNER,
    ),
    postgres(
        "policy weaker: another claim",
        "ALTER POLICY owner_devices ON devices USING (user_id = \
         (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'aud', '')::uuid))",
        PolicyCondition,
        OWNER,
    ),
    postgres(
        "policy for other commands",
        "DROP POLICY owner_devices ON devices; CREATE POLICY owner_devices ON devices FOR SELECT USING (user_id = \
         (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))",
        PolicyKind,
        OWNER,
    ),
    postgres(
        "policy restrictive",
        "DROP POLICY owner_devices ON devices; CREATE POLICY owner_devices ON devices AS RESTRICTIVE USING (user_id = \
         (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))",
        PolicyKind,
        OWNER,
    ),
    postgres(
        "policy for other roles",
        "ALTER POLICY owner_devices ON devices TO catamaran_app",
        PolicyRoles,
        OWNER,
    ),
    postgres(
        "grant missing",
        "REVOKE UPDATE ON devices FROM catamaran_app",
        GrantMissing,
        "devices: UPDATE TO catamaran_app",
    ),
    postgres(
        "grant too much",
        "GRANT TRUNCATE ON devices TO catamaran_app",
        GrantExtra,
        "devices: TRUNCATE TO catamaran_app",
    ),
    postgres(
        "grant to everyone",
        "GRANT SELECT ON devices TO PUBLIC",
        GrantExtra,
        "devices: SELECT TO PUBLIC",
    ),
    postgres(
        "grant of a column to everyone",
        "GRANT SELECT (platform) ON devices TO PUBLIC",
        GrantExtra,
        "devices: SELECT (platform) TO PUBLIC",
    ),
    postgres(
        "grant that may be passed on",
        "GRANT SELECT ON devices TO catamaran_app WITH GRANT OPTION",
        GrantExtra,
        "devices: SELECT TO catamaran_app WITH GRANT OPTION",
    ),
    postgres(
        "schema that the application may not use",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC, catamaran_app",
        GrantMissing,
        "public: USAGE TO catamaran_app",
    ),
    postgres(
        "schema in which the application may create",
        "GRANT CREATE ON SCHEMA public TO catamaran_app",
        GrantExtra,
        "public: CREATE TO catamaran_app",
    ),
    postgres(
        "schema in which everyone may create",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        GrantExtra,
        "public: CREATE TO PUBLIC",
    ),
    postgres(
        "schema of the application's role",
        "ALTER SCHEMA public OWNER TO catamaran_app",
        RoleOwns,
        "public",
    ),
];
