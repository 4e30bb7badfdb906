DO $$
DECLARE
    app CONSTANT name := {role};
    own_schema CONSTANT name := current_schema();
    -- Since PostgreSQL 16 a member may lack the right to SET ROLE. Whoever creates a role is such a member.
    is_16 CONSTANT boolean := current_setting('server_version_num')::integer >= 160000;
    membership CONSTANT text := CASE WHEN is_16 THEN 'SET' ELSE 'MEMBER' END;
    join_it CONSTANT text := format('GRANT %I TO %I', app, current_user)
        || CASE WHEN is_16 THEN ' WITH SET TRUE' ELSE '' END;
    attempts integer := 0;
BEGIN
    IF own_schema IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_schema_name', MESSAGE = format(
            'no schema of search_path exists: %s', current_setting('search_path'));
    END IF;

    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = app) THEN
        BEGIN
            EXECUTE format(
                'CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', app);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server was first
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                    'role %1$I does not exist and %2$I may not create it; a DBA should run: '
                    'CREATE ROLE %1$I NOLOGIN; %3$s', app, current_user, join_it);
        END;
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = app AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION USING MESSAGE = format(
            'role %1$I bypasses row level security; a DBA should run: ALTER ROLE %1$I NOSUPERUSER NOBYPASSRLS', app);
    END IF;

    -- The role that migrates becomes a member, so that one URL can migrate and do the application's work.
    WHILE NOT pg_has_role(current_user, app, membership) LOOP
        IF attempts = 100 THEN
            RAISE EXCEPTION USING MESSAGE = format(
                '%I could not become a member of role %I; a DBA should run: %s', current_user, app, join_it);
        END IF;
        attempts := attempts + 1;
        BEGIN
            EXECUTE join_it;
        EXCEPTION
            -- internal_error is 'tuple concurrently updated': another database of this server does the same.
            WHEN unique_violation OR internal_error THEN
                PERFORM pg_sleep(0.05);
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                    '%I is not a member of role %I; a DBA should run: %s', current_user, app, join_it);
        END;
    END LOOP;

    -- Someone who may not grant it is only warned that nothing was granted.
    IF has_schema_privilege(own_schema, 'USAGE WITH GRANT OPTION') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', own_schema, app);
    END IF;
    IF NOT has_schema_privilege(app, own_schema, 'USAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
            'role %2$I may not use schema %1$I; its owner should run: GRANT USAGE ON SCHEMA %1$I TO %2$I',
            own_schema, app);
    END IF;
END
$$
