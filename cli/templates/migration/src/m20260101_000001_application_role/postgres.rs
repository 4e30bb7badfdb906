//! `catamaran_app` owns nothing, cannot log in, and cannot bypass a policy. The role that migrates becomes a member of
//! it. The same URL can therefore migrate and, after `SET LOCAL ROLE catamaran_app`, do the application's work.
//!
//! A role belongs to the cluster, not to the database:
//! - Two databases of one cluster can run this migration at the same time, because each has its own migration lock.
//!   The script therefore ignores the errors of such a race, or tries again.
//! - `down` keeps the role, because another database of the cluster may need it.

use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new().sql(CREATE).sql(JOIN).sql(USAGE)
}

pub fn down() -> Script {
    Script::new().sql(REVOKE)
}

const CREATE: &str = r"
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'catamaran_app') THEN
        BEGIN
            CREATE ROLE catamaran_app NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this cluster was first
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                    'role catamaran_app does not exist and %1$I may not create it; a DBA should run: '
                    'CREATE ROLE catamaran_app NOLOGIN; GRANT catamaran_app TO %1$I', current_user);
        END;
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'catamaran_app' AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'role catamaran_app bypasses row level security; a DBA should run: '
            'ALTER ROLE catamaran_app NOSUPERUSER NOBYPASSRLS';
    END IF;
END
$$";

const JOIN: &str = r"
DO $$
DECLARE
    attempt integer := 0;
    member boolean;
BEGIN
    LOOP
        -- Since Postgres 16 a member may lack the right to SET ROLE: whoever creates a role is such a member.
        IF current_setting('server_version_num')::integer >= 160000 THEN
            member := pg_has_role(current_user, 'catamaran_app', 'SET');
        ELSE
            member := pg_has_role(current_user, 'catamaran_app', 'MEMBER');
        END IF;
        EXIT WHEN member;
        BEGIN
            GRANT catamaran_app TO CURRENT_USER;
        EXCEPTION
            -- internal_error is 'tuple concurrently updated': another database of this cluster does the same.
            WHEN unique_violation OR internal_error THEN
                attempt := attempt + 1;
                IF attempt = 100 THEN
                    RAISE;
                END IF;
                PERFORM pg_sleep(0.05);
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                    '%1$I is not a member of role catamaran_app; a DBA should run: GRANT catamaran_app TO %1$I',
                    current_user);
        END;
    END LOOP;
END
$$";

const USAGE: &str = r"
DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO catamaran_app', current_schema());
    -- Someone who does not own the schema is only warned that nothing was granted.
    IF NOT has_schema_privilege('catamaran_app', current_schema(), 'USAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
            'role catamaran_app may not use schema %1$I; its owner should run: '
            'GRANT USAGE ON SCHEMA %1$I TO catamaran_app', current_schema());
    END IF;
END
$$";

const REVOKE: &str = r"
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'catamaran_app') THEN
        EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM catamaran_app', current_schema());
    END IF;
END
$$";
