DO $$
DECLARE
    app CONSTANT oid := (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = {role});
    own_schema CONSTANT oid := (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema());
BEGIN
    -- The role and its members stay: they belong to the server, and another database may need them. Another application
    -- of this schema keeps the role's right to use it.
    IF app IS NOT NULL AND has_schema_privilege(own_schema, 'USAGE WITH GRANT OPTION') AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_shdepend AS dependency
        WHERE dependency.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
            AND dependency.refclassid = 'pg_catalog.pg_authid'::regclass AND dependency.refobjid = app
            AND (
                dependency.classid = 'pg_catalog.pg_class'::regclass AND EXISTS (
                    SELECT FROM pg_catalog.pg_class WHERE oid = dependency.objid AND relnamespace = own_schema)
                OR dependency.classid = 'pg_catalog.pg_proc'::regclass AND EXISTS (
                    SELECT FROM pg_catalog.pg_proc WHERE oid = dependency.objid AND pronamespace = own_schema)
            )
    ) THEN
        EXECUTE format('REVOKE USAGE ON SCHEMA %s FROM %s', own_schema::regnamespace, app::regrole);
    END IF;
END
$$
