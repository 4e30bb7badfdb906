UNION ALL
SELECT 'hazard', r.rolname::text, 0, json_build_array('CAT059', v.name, 'a role without it', v.name,
        json_build_array(format('ALTER ROLE %I NO%s', r.rolname, v.name)), NULL)::text
    FROM r, LATERAL (VALUES ('CREATEROLE', r.rolcreaterole), ('REPLICATION', r.rolreplication)) v (name, has)
    WHERE v.has AND NOT r.rolsuper
UNION ALL
SELECT 'hazard', r.rolname::text, 0, json_build_array('CAT059', m.rolname, 'not a member of it',
        format('a member of %s, which %s, by the grant of %s', m.rolname, w.may, m.through),
        m.revoke, NULL)::text
    FROM r, m, LATERAL (SELECT CASE
        WHEN m.rolcreaterole THEN 'has CREATEROLE' WHEN m.rolreplication THEN 'has REPLICATION'
        WHEN m.rolname = 'pg_execute_server_program' THEN 'runs programs on the server'
        WHEN m.rolname IN ('pg_read_server_files', 'pg_write_server_files') THEN 'reads or writes files of the server'
        WHEN m.rolname = 'pg_read_all_data' THEN 'reads statistics with values of every owner, and the secrets of roles'
        WHEN m.rolname = 'pg_create_subscription' THEN 'copies rows from and to other servers' END) w (may)
    WHERE w.may IS NOT NULL AND NOT m.unbound
UNION ALL
SELECT 'hazard', r.rolname::text, 0, json_build_array('CAT059', format('EXECUTE ON FUNCTION %s', p.oid::regprocedure), 'nothing',
        format('%s, which reaches the files of the server', p.oid::regprocedure),
        json_build_array(format('REVOKE EXECUTE ON FUNCTION %s FROM %s', p.oid::regprocedure,
            CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END)), NULL)::text
    FROM r, pg_proc p CROSS JOIN aclexplode(p.proacl) e
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND NOT r.rolsuper AND e.grantee IN (0, r.oid)
        AND p.proname IN ('pg_read_file', 'pg_read_binary_file', 'pg_stat_file', 'pg_ls_dir', 'lo_import', 'lo_export')
UNION ALL
SELECT 'hazard', r.rolname::text, 0, json_build_array('CAT059', format('SELECT ON %s', v.name), 'nothing',
        format('SELECT ON %s, which has values of every owner or the secrets of roles', v.name), '[]'::json,
        format('REVOKE SELECT ON %s from the role through which %I has it', v.name, r.rolname))::text
    FROM r, (VALUES ('pg_statistic'), ('pg_statistic_ext_data'), ('pg_authid'), ('pg_largeobject'), ('pg_user_mapping')) v (name)
    WHERE NOT r.rolsuper AND has_table_privilege(r.oid, v.name, 'SELECT')
        AND NOT EXISTS (SELECT FROM m WHERE m.rolname = 'pg_read_all_data')
UNION ALL
SELECT 'hazard', $1::text, 0, json_build_array('CAT059', format('%s ON PARAMETER %s TO %s', p.privilege, p.name, p.grantee),
        'nothing', format('%s ON PARAMETER %s', p.privilege, p.name), json_build_array(CASE
            WHEN p.through IS NULL THEN format('REVOKE %s ON PARAMETER %s FROM %s', p.privilege, p.name, p.grantee)
            ELSE format('REVOKE %I FROM %I', p.through, $1) END), NULL)::text
    FROM (
        SELECT substr(g.word, strpos(g.word, '|') + 1) AS privilege, split_part(split_part(g.word, '|', 1), ' ', 2) AS name,
            coalesce(quote_ident(o.rolname), 'PUBLIC') AS grantee, m.through, o.rolname
        FROM ts_stat(CASE WHEN current_setting('server_version_num')::int < 150000 THEN 'SELECT NULL::tsvector WHERE false'
            ELSE 'SELECT array_to_tsvector(ARRAY[e.grantee || '' '' || p.parname || ''|'' || e.privilege_type])
                FROM pg_parameter_acl p, aclexplode(p.paracl) e' END) g
        LEFT JOIN pg_roles o ON o.oid = split_part(g.word, ' ', 1)::oid
        LEFT JOIN m ON m.oid = o.oid
        WHERE split_part(g.word, ' ', 1) = '0' OR o.rolname = $1 OR m.oid IS NOT NULL) p
    WHERE p.privilege = 'ALTER SYSTEM' OR p.name IN ('session_replication_role', 'session_preload_libraries',
        'allow_system_table_mods', 'dynamic_library_path', 'jit_provider', 'lo_compat_privileges')
UNION ALL
SELECT 'hazard', 'database', 0, json_build_array('CAT088', format('CREATE TO %s', v.grantee), 'nothing',
        format('CREATE ON DATABASE %s TO %s', v.database, v.grantee), json_build_array(CASE
            WHEN v.through IS NULL THEN format('DO %L', format('BEGIN EXECUTE format(''REVOKE CREATE ON DATABASE %%I FROM %%s'', current_database(), %L); END',
                v.grantee))
            ELSE format('REVOKE %I FROM %I', v.through, $1) END), NULL)::text
    FROM (
        SELECT d.datname AS database, coalesce(quote_ident(o.rolname), 'PUBLIC') AS grantee, m.through
        FROM pg_database d CROSS JOIN aclexplode(d.datacl) e
        LEFT JOIN pg_roles o ON o.oid = e.grantee
        LEFT JOIN m ON m.oid = e.grantee
        WHERE d.datname = current_database() AND e.privilege_type = 'CREATE' AND e.grantee <> d.datdba
            AND (e.grantee = 0 OR o.rolname = $1 OR m.oid IS NOT NULL)) v
UNION ALL
SELECT 'hazard', s.nspname::text, 0, json_build_array('CAT088', 'CREATE TO PUBLIC', 'nothing',
        'CREATE TO PUBLIC, the default before Postgres 15',
        json_build_array(format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', s.nspname)), NULL)::text
    FROM s CROSS JOIN aclexplode(coalesce(s.nspacl, acldefault('n', s.nspowner))) e
    WHERE e.privilege_type = 'CREATE' AND e.grantee = 0 AND s.nspname = 'public'
        AND current_setting('server_version_num')::int < 150000
UNION ALL
SELECT 'hazard', 'database', 0, json_build_array('CAT057', '', 'another owner',
        'the application''s role, or one that it is a member of',
        json_build_array('DO $$ BEGIN EXECUTE format(''ALTER DATABASE %I OWNER TO CURRENT_USER'', current_database()); END $$'), NULL)::text
    FROM r, pg_database d
    WHERE d.datname = current_database() AND NOT r.rolsuper AND pg_has_role(r.oid, d.datdba, 'MEMBER')
UNION ALL
SELECT 'hazard', 'database', 0, json_build_array('CAT084', 'encoding', 'UTF8', pg_encoding_to_char(encoding), '[]'::json,
        'create a database WITH ENCODING ''UTF8'' LOCALE ''C'' TEMPLATE template0, and load a dump of this one into it')::text
    FROM pg_database WHERE datname = current_database() AND pg_encoding_to_char(encoding) <> 'UTF8'
UNION ALL
SELECT 'hazard', s.nspname::text, 0, json_build_array('CAT086', format('%s ON %s OF %s TO %s', e.privilege_type, k.name, o.rolname,
        g.name), 'nothing', format('%s ON future %s of %s%s TO %s', e.privilege_type, k.name, o.rolname, w.place, g.name),
        json_build_array(format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE %s ON %s FROM %s', o.rolname, w.place,
            e.privilege_type, k.name, g.name)), NULL)::text
    FROM s
    JOIN pg_default_acl a ON a.defaclnamespace IN (0, s.oid)
    JOIN pg_roles o ON o.oid = a.defaclrole
    JOIN (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'FUNCTIONS'), ('T', 'TYPES'), ('n', 'SCHEMAS')) k (letter, name)
        ON k.letter = a.defaclobjtype
    CROSS JOIN aclexplode(a.defaclacl) e
    LEFT JOIN pg_roles p ON p.oid = e.grantee
    CROSS JOIN LATERAL (SELECT CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(p.rolname) END) g (name)
    CROSS JOIN LATERAL (SELECT CASE WHEN a.defaclnamespace = 0 THEN '' ELSE format(' IN SCHEMA %I', s.nspname) END) w (place)
    WHERE e.grantee <> a.defaclrole AND (p.rolname = $1 OR p.oid IN (SELECT oid FROM m)
        -- Except the built-in defaults of PUBLIC for functions and types.
        OR e.grantee = 0 AND NOT (a.defaclnamespace = 0 AND a.defaclobjtype IN ('f', 'T')))
UNION ALL
SELECT 'hazard', t.relname::text, 0, json_build_array('CAT048', format('%s: %I', f.oid::regclass, k.conname), 'no such foreign key',
        format('%s in %s', pg_get_constraintdef(k.oid, true), f.oid::regclass),
        json_build_array(format('ALTER TABLE %s DROP CONSTRAINT %I', f.oid::regclass, k.conname)), NULL)::text
    FROM t
    JOIN pg_constraint k ON k.confrelid = t.oid AND k.contype = 'f' AND k.conparentid = 0
    JOIN pg_class f ON f.oid = k.conrelid AND f.relnamespace <> t.relnamespace
UNION ALL
SELECT 'hazard', t.relname::text, 0, json_build_array('CAT085', x.oid::regclass, 'no such relation',
        format('a %s in %I, which is searched first', w.kind, n.nspname), CASE w.kind
            WHEN 'table' THEN '[]' ELSE json_build_array(format('DROP %s %s', upper(w.kind), x.oid::regclass)) END,
        format('rename or move %s, which shadows %I.%I', x.oid::regclass, s.nspname, t.relname))::text
    FROM t
    CROSS JOIN s
    JOIN pg_class x ON x.relname = t.relname AND x.relkind IN ('r', 'p', 'v', 'm', 'f') AND x.relnamespace <> s.oid
    JOIN pg_namespace n ON n.oid = x.relnamespace AND (n.nspname = 'pg_catalog' OR EXISTS (
        SELECT FROM pg_roles o JOIN r ON o.oid = r.oid OR NOT o.rolsuper AND o.rolcanlogin AND pg_has_role(o.oid, r.oid, 'MEMBER')
        WHERE o.rolname = n.nspname))
    CROSS JOIN LATERAL (SELECT CASE x.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
        WHEN 'f' THEN 'foreign table' ELSE 'table' END) w (kind)
UNION ALL
SELECT DISTINCT 'hazard', f.nspname::text, 0, json_build_array('CAT057', f.said, 'another owner',
        'the application''s role, or one that it is a member of: it can replace the body of the function',
        json_build_array(format('ALTER FUNCTION %s OWNER TO CURRENT_USER', f.said)), NULL)::text
    FROM r, (
        SELECT n.nspname, p.proowner, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS said
        FROM t
        JOIN pg_policy y ON y.polrelid = t.oid
        JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = y.oid AND d.refclassid = 'pg_proc'::regclass
        JOIN pg_proc p ON p.oid = d.refobjid
        JOIN pg_namespace n ON n.oid = p.pronamespace) f
    WHERE NOT r.rolsuper AND pg_has_role(r.oid, f.proowner, 'MEMBER')
UNION ALL
SELECT 'hazard', f.nspname::text, 0, json_build_array('CAT068', format('EXECUTE ON FUNCTION %s TO %s', f.said, r.rolname),
        'EXECUTE, for the policies, checks and defaults that call it', 'nothing',
        json_build_array(format('GRANT EXECUTE ON FUNCTION %s TO %I', f.said, r.rolname)), NULL)::text
    FROM r, (
        SELECT DISTINCT p.oid, n.nspname, 
                format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS said
        FROM t
        CROSS JOIN LATERAL (
            SELECT concat(polqual::text, polwithcheck::text) FROM pg_policy WHERE polrelid = t.oid
            UNION ALL
            SELECT conbin::text FROM pg_constraint WHERE conrelid = t.oid AND contype = 'c'
            UNION ALL
            SELECT adbin::text FROM pg_attrdef WHERE adrelid = t.oid
            UNION ALL
            SELECT concat(indpred::text, indexprs::text) FROM pg_index WHERE indrelid = t.oid) e (tree)
        CROSS JOIN regexp_matches(e.tree, ':(funcid|opfuncid|aggfnoid|winfnoid|opno) (\d+)', 'g') k (found)
        LEFT JOIN pg_operator o ON k.found[1] = 'opno' AND o.oid = k.found[2]::oid
        JOIN pg_proc p ON p.oid = coalesce(o.oprcode::oid, k.found[2]::oid)
        JOIN pg_namespace n ON n.oid = p.pronamespace) f
    WHERE NOT has_function_privilege(r.oid, f.oid, 'EXECUTE')
UNION ALL
SELECT 'hazard', 'seaql_migrations', 0, json_build_array(v.code, v.name, v.wanted, v.found, v.sql, v.words)::text
    FROM (
        SELECT 'CAT083', '', 'a table with a column version', 'another object of that name', '[]'::json,
            'let the migrator create seaql_migrations, then copy the names of the migrations into it'
            FROM h WHERE h.relkind <> 'r' OR h.attnum IS NULL
        UNION ALL
        SELECT 'CAT083', g.tgname, 'no such object', format('TRIGGER %I', g.tgname),
            json_build_array(format('DROP TRIGGER %I ON seaql_migrations', g.tgname)), NULL
            FROM h JOIN pg_trigger g ON g.tgrelid = h.oid WHERE NOT g.tgisinternal
        UNION ALL
        SELECT 'CAT083', g.rulename, 'no such object', format('RULE %I', g.rulename),
            json_build_array(format('DROP RULE %I ON seaql_migrations', g.rulename)), NULL
            FROM h JOIN pg_rewrite g ON g.ev_class = h.oid WHERE g.rulename <> '_RETURN'
        UNION ALL
        SELECT 'CAT083', 'PRIMARY KEY', 'PRIMARY KEY (version)', 'none that is valid',
            json_build_array('ALTER TABLE seaql_migrations ADD PRIMARY KEY (version)'), NULL
            FROM h WHERE h.relkind = 'r' AND h.attnum IS NOT NULL AND NOT EXISTS (SELECT FROM pg_index i
                WHERE i.indrelid = h.oid AND i.indisprimary AND i.indisvalid)
        UNION ALL
        SELECT 'CAT083', 'ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY', 'ENABLE ROW LEVEL SECURITY',
            json_build_array('ALTER TABLE seaql_migrations DISABLE ROW LEVEL SECURITY'), NULL
            FROM h WHERE h.relrowsecurity
        UNION ALL
        SELECT 'CAT083', format('%s TO %s', e.privilege, g.name), 'SELECT at most', format('%s TO %s', e.privilege, g.name),
            json_build_array(CASE
                WHEN m.oid IS NOT NULL THEN format('REVOKE %I FROM %I', m.through, $1)
                ELSE format('REVOKE %s%s ON seaql_migrations FROM %s', CASE e.kind WHEN 'SELECT' THEN 'GRANT OPTION FOR ' ELSE '' END,
                    e.privilege, g.name) END), NULL
            FROM h
            CROSS JOIN LATERAL (
                SELECT grantee, privilege_type, is_grantable, privilege_type FROM aclexplode(h.relacl)
                UNION ALL
                SELECT b.oid, v.privilege, false, v.privilege FROM pg_roles b JOIN (VALUES ('INSERT'), ('UPDATE'), ('DELETE')) v (privilege)
                    ON b.rolname = 'pg_write_all_data'
                UNION ALL
                SELECT e.grantee, e.privilege_type, e.is_grantable, format('%s (%I)', e.privilege_type, a.attname)
                    FROM pg_attribute a, aclexplode(a.attacl) e WHERE a.attrelid = h.oid) e (grantee, kind, is_grantable, privilege)
            LEFT JOIN pg_roles o ON o.oid = e.grantee
            LEFT JOIN m ON m.oid = e.grantee
            CROSS JOIN LATERAL (SELECT CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(o.rolname) END) g (name)
            WHERE e.grantee <> h.relowner AND (e.grantee = 0 OR o.rolname = $1 OR m.oid IS NOT NULL)
                AND (e.kind <> 'SELECT' OR e.is_grantable)
        UNION ALL
        SELECT 'CAT057', '', 'another owner', 'the application''s role, or one that it is a member of',
            json_build_array('ALTER TABLE seaql_migrations OWNER TO CURRENT_USER'), NULL
            FROM r, h WHERE NOT r.rolsuper AND pg_has_role(r.oid, h.relowner, 'MEMBER')) v (code, name, wanted, found, sql, words)
ORDER BY 3, 2, 1, 4
