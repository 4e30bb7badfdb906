-- The schemas of the search path, and what the migrating role owns in them. Objects of extensions are left out, and those
-- that belong to another object and are dropped with it: row types, array types, identity sequences.
WITH RECURSIVE n AS MATERIALIZED (
    SELECT oid, nspname FROM pg_catalog.pg_namespace
    WHERE nspname = ANY (pg_catalog.current_schemas(false)) AND nspname !~ '^pg_' AND nspname <> 'information_schema'),
me AS MATERIALIZED (
    SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user),
owned (classid, objid, namespace, owner) AS (
    SELECT 'pg_catalog.pg_class'::regclass::oid, oid, relnamespace, relowner FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT 'pg_catalog.pg_type'::regclass, oid, typnamespace, typowner FROM pg_catalog.pg_type
    UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid, pronamespace, proowner FROM pg_catalog.pg_proc
    UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid, oprnamespace, oprowner FROM pg_catalog.pg_operator
    UNION ALL SELECT 'pg_catalog.pg_opclass'::regclass, oid, opcnamespace, opcowner FROM pg_catalog.pg_opclass
    UNION ALL SELECT 'pg_catalog.pg_opfamily'::regclass, oid, opfnamespace, opfowner FROM pg_catalog.pg_opfamily
    UNION ALL SELECT 'pg_catalog.pg_collation'::regclass, oid, collnamespace, collowner FROM pg_catalog.pg_collation
    UNION ALL SELECT 'pg_catalog.pg_conversion'::regclass, oid, connamespace, conowner FROM pg_catalog.pg_conversion
    UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass, oid, cfgnamespace, cfgowner FROM pg_catalog.pg_ts_config
    UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass, oid, dictnamespace, dictowner FROM pg_catalog.pg_ts_dict
    UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid, stxnamespace, stxowner FROM pg_catalog.pg_statistic_ext),
mine (classid, objid) AS MATERIALIZED (
    SELECT o.classid, o.objid FROM owned o JOIN n ON n.oid = o.namespace JOIN me ON me.oid = o.owner
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = o.classid AND d.objid = o.objid AND d.objsubid = 0 AND (d.deptype IN ('e', 'i')
        OR d.deptype = 'a' AND d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.classid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0))),
-- A cast has no owner; it is the application's if one of its types is.
listed (classid, objid) AS MATERIALIZED (
    SELECT classid, objid FROM mine
    UNION
    SELECT 'pg_catalog.pg_cast'::regclass::oid, c.oid FROM pg_catalog.pg_cast c
    JOIN pg_catalog.pg_type y ON y.oid IN (c.castsource, c.casttarget) JOIN n ON n.oid = y.typnamespace JOIN me ON me.oid = y.typowner
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' AND (d.classid = 'pg_catalog.pg_cast'::regclass AND d.objid = c.oid
        OR d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = y.oid))),
-- What is dropped with them without CASCADE: indexes, constraints, triggers, policies, defaults, sequences of columns. A
-- partition is a table of its own, which its parent would drop.
dropped (classid, objid) AS (
    SELECT classid, objid FROM listed
    UNION
    SELECT d.classid, d.objid FROM dropped p
    JOIN pg_catalog.pg_depend d ON d.refclassid = p.classid AND d.refobjid = p.objid AND d.deptype IN ('a', 'i', 'P', 'S')
    LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::regclass AND c.oid = d.objid
    WHERE c.oid IS NULL OR c.relkind NOT IN ('r', 'p', 'v', 'm', 'f'))
