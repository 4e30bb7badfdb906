WITH RECURSIVE s AS MATERIALIZED (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = $2),
c AS MATERIALIZED (
    SELECT c.* FROM pg_class c, s
    WHERE c.relnamespace = s.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND c.relname NOT IN ('seaql_migrations', 'seaql_migrations_checksums', 'seaql_migrations_progress')
        -- Objects of an extension are left out, except views that read tables outside of it.
        AND (NOT EXISTS (SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            OR c.relkind IN ('v', 'm') AND EXISTS (
                SELECT FROM pg_rewrite w
                JOIN pg_depend p ON p.classid = 'pg_rewrite'::regclass AND p.objid = w.oid AND p.refclassid = 'pg_class'::regclass
                JOIN pg_class b ON b.oid = p.refobjid AND b.relnamespace = s.oid AND b.relkind IN ('r', 'p')
                WHERE w.ev_class = c.oid AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = b.oid AND d.deptype = 'e')))),
t AS MATERIALIZED (SELECT * FROM c WHERE relkind IN ('r', 'p')),
r AS MATERIALIZED (
    SELECT oid, rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = $1),
m AS MATERIALIZED (
    SELECT x.oid, x.rolname, x.rolsuper OR x.rolbypassrls AS unbound, x.rolcreaterole, x.rolreplication,
        min(d.rolname) AS through, json_agg(DISTINCT v.sql)::jsonb::json AS revoke
    FROM r
    JOIN pg_auth_members g ON g.member = r.oid
    JOIN pg_roles d ON d.oid = g.roleid
    JOIN pg_roles x ON x.oid = d.oid OR NOT d.rolsuper AND pg_has_role(d.oid, x.oid, 'MEMBER')
    -- Since version 16 several roles may have granted the membership, and each revokes its own grant.
    CROSS JOIN LATERAL (SELECT format('REVOKE %I FROM %I%s', d.rolname, r.rolname,
        CASE WHEN current_setting('server_version_num')::int >= 160000 THEN format(' GRANTED BY %s', g.grantor::regrole) END)) v (sql)
    WHERE NOT r.rolsuper
    GROUP BY 1, 2, 3, 4, 5),
d (oid, depth) AS (
    SELECT oid, 0::bigint FROM c WHERE relkind IN ('v', 'm')
    UNION
    SELECT w.ev_class, d.depth + 1 FROM d
    JOIN pg_depend p ON p.refclassid = 'pg_class'::regclass AND p.refobjid = d.oid AND p.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite w ON w.oid = p.objid AND w.ev_class <> d.oid
    WHERE d.depth < 64),
h AS MATERIALIZED (
    SELECT h.*, v.attnum FROM s JOIN pg_class h ON h.relnamespace = s.oid AND h.relname = 'seaql_migrations'
    LEFT JOIN pg_attribute v ON v.attrelid = h.oid AND v.attname = 'version' AND NOT v.attisdropped),
k AS MATERIALIZED (
    SELECT k.oid, h.oid AS history
    FROM s
    JOIN pg_class k ON k.relnamespace = s.oid AND k.relname = 'seaql_migrations_checksums' AND k.relkind = 'r'
    JOIN h ON h.relkind = 'r'
    WHERE NOT row_security_active(k.oid) AND NOT row_security_active(h.oid)
        AND has_table_privilege(k.oid, 'SELECT') AND has_table_privilege(h.oid, 'SELECT')
        AND (SELECT count(*) FROM pg_attribute a WHERE NOT a.attisdropped
            AND (a.attrelid = k.oid AND a.attname IN ('version', 'checksum', 'applied_at')
                OR a.attrelid = h.oid AND a.attname IN ('version', 'applied_at'))) = 5)
SELECT 'schema', '', 0::bigint, json_build_array(nspname)::text FROM s
UNION ALL
SELECT 'history', '', 0, CASE
        WHEN h.relkind <> 'r' OR h.attnum IS NULL OR row_security_active(h.oid) OR NOT has_column_privilege(h.oid, h.attnum, 'SELECT')
            THEN '["not permitted"]'
        ELSE json_build_array('names', (SELECT json_agg(v.word || ' ' || v.ndoc ORDER BY v.word) FROM ts_stat(format(
            'SELECT array_to_tsvector(ARRAY[coalesce(''x'' || encode(convert_to(left(version::text, 450), ''UTF8''), ''hex''), ''null'')]) FROM %s',
            h.oid::regclass)) v))::text END
    FROM h
UNION ALL
SELECT 'checksums', '', 0, json_build_array((SELECT json_agg(v.word) FROM ts_stat(format(
        'SELECT array_to_tsvector(ARRAY[encode(convert_to(left(k.version::text, 450), ''UTF8''), ''hex'') || '' '' || left(k.checksum::text, 64)])
            FROM %s k JOIN %s h ON h.version::text = k.version::text AND h.applied_at::text = k.applied_at::text
            WHERE k.checksum IS NOT NULL', k.oid::regclass, k.history::regclass)) v))::text
    FROM k
UNION ALL
SELECT 'role', '', 0, json_build_array(r.rolname, r.rolsuper OR r.rolbypassrls,
        s.nspname, has_schema_privilege(r.oid, s.oid, 'USAGE'), NOT r.rolsuper AND pg_has_role(r.oid, s.nspowner, 'MEMBER'))::text
    FROM r, s
UNION ALL
SELECT 'membership', '', 0, json_build_array(rolname, through, revoke)::text FROM m WHERE unbound
UNION ALL
SELECT 'creator', '', 0, json_build_array(e.privilege_type, coalesce(o.rolname, 'PUBLIC'), e.is_grantable, m.through,
        CASE WHEN e.grantor <> s.nspowner THEN e.grantor::regrole END, m.revoke)::text
    FROM s
    CROSS JOIN aclexplode(s.nspacl) e
    LEFT JOIN pg_roles o ON o.oid = e.grantee
    LEFT JOIN m ON m.oid = e.grantee
    WHERE e.privilege_type = 'CREATE' AND e.grantee <> s.nspowner AND (o.rolname = $1 OR m.oid IS NOT NULL
        OR e.grantee = 0 AND NOT (s.nspname = 'public' AND current_setting('server_version_num')::int < 150000))
UNION ALL
-- A login that can read the tables without the role is an administrator's, not the application's.
SELECT 'login', '', 0, json_build_array(l.rolname, l.rolsuper OR l.oid = r.oid OR pg_has_role(l.oid, r.oid,
        CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)
        OR EXISTS (SELECT FROM t WHERE has_table_privilege(l.oid, t.oid, 'SELECT'))
        OR EXISTS (SELECT FROM h WHERE h.attnum IS NOT NULL AND has_column_privilege(l.oid, h.oid, h.attnum, 'SELECT')))::text
    FROM r, pg_roles l WHERE l.rolname = current_user
UNION ALL
SELECT 'table', t.relname::text, 0, json_build_array(t.relrowsecurity, t.relforcerowsecurity,
        EXISTS (SELECT FROM r WHERE NOT r.rolsuper AND pg_has_role(r.oid, t.relowner, 'MEMBER')),
        to_json(array_remove(ARRAY[
                CASE WHEN t.relpersistence = 'u' THEN 'UNLOGGED' END, CASE WHEN t.relkind = 'p' THEN 'PARTITIONED' END], NULL)
            || ARRAY(SELECT 'INHERITS ' || CASE WHEN i.relnamespace = t.relnamespace THEN quote_ident(i.relname)
                ELSE i.oid::regclass::text END FROM pg_inherits h JOIN pg_class i ON i.oid = h.inhparent WHERE h.inhrelid = t.oid)
            || ARRAY(SELECT 'INHERITED BY ' || CASE WHEN i.relnamespace = t.relnamespace THEN quote_ident(i.relname)
                ELSE i.oid::regclass::text END FROM pg_inherits h JOIN pg_class i ON i.oid = h.inhrelid
                WHERE h.inhparent = t.oid AND NOT i.relispartition)))::text
    FROM t
UNION ALL
SELECT 'column', t.relname::text, a.attnum, json_build_array(a.attname,
        CASE WHEN coalesce(z.typnamespace, y.typnamespace) = t.relnamespace AND NOT EXISTS (SELECT FROM pg_type b
                WHERE b.typnamespace = 'pg_catalog'::regnamespace AND b.typname = coalesce(z.typname, y.typname))
            THEN substr(format_type(a.atttypid, a.atttypmod), length(t.relnamespace::regnamespace::text) + 2)
            ELSE format_type(a.atttypid, a.atttypmod) END,
        CASE WHEN a.attcollation <> y.typcollation
            THEN CASE WHEN l.collnamespace <> 'pg_catalog'::regnamespace THEN l.collnamespace::regnamespace || '.' ELSE '' END
                || l.collname END, NOT a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text, a.attidentity::text)::text
    FROM t
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_type z ON z.oid = y.typelem AND z.typarray = y.oid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
UNION ALL
SELECT 'constraint', t.relname::text, 0, json_build_array(k.conname, k.contype,
        (SELECT json_agg(a.attname ORDER BY n.i) FROM unnest(k.conkey) WITH ORDINALITY n (num, i)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.num),
        CASE WHEN f.relnamespace <> t.relnamespace THEN f.relnamespace::regnamespace || '.' ELSE '' END || f.relname,
        (SELECT json_agg(a.attname ORDER BY n.i) FROM unnest(k.confkey) WITH ORDINALITY n (num, i)
            JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.num),
        k.confdeltype, k.confupdtype, k.condeferrable, k.convalidated,
        CASE WHEN k.contype = 'x' THEN pg_get_constraintdef(k.oid) ELSE pg_get_expr(k.conbin, k.conrelid) END,
        coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false),
        k.confmatchtype = 'f' AND cardinality(k.conkey) > 1,
        coalesce((to_jsonb(k) ->> 'conenforced')::bool, true)
            AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgenabled NOT IN ('O', 'A')),
        k.condeferred, k.connoinherit, coalesce(i.indnkeyatts < i.indnatts, false),
        (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = k.conrelid AND to_jsonb(k) -> 'confdelsetcols' @> to_jsonb(a.attnum)),
        pg_get_constraintdef(k.oid, true), i.indisvalid AND i.indisready AND i.indislive)::text
    FROM t
    JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conparentid = 0
    LEFT JOIN pg_class f ON f.oid = k.confrelid
    LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u')
UNION ALL
SELECT 'index', t.relname::text, 0, json_build_array(x.relname, i.indisunique, pg_get_expr(i.indpred, i.indrelid),
        (SELECT json_agg(pg_get_indexdef(i.indexrelid, n, false) ORDER BY n) FROM generate_series(1, i.indnkeyatts) n),
        (SELECT string_agg(CASE WHEN i.indoption[n - 1] & 1 = 1 THEN 'd' ELSE 'a' END, '' ORDER BY n)
            FROM generate_series(1, i.indnkeyatts) n),
        (SELECT json_agg(u.what ORDER BY u.n) FROM (
            SELECT n, d.key || CASE WHEN l.is THEN l.sql ELSE '' END
                    || CASE WHEN o.opcdefault THEN '' ELSE ' ' || o.opcname END
                    || CASE i.indoption[n - 1] WHEN 1 THEN ' NULLS LAST' WHEN 2 THEN ' NULLS FIRST' ELSE '' END AS what,
                l.is OR NOT o.opcdefault OR i.indoption[n - 1] IN (1, 2) AS is
            FROM generate_series(1, i.indnkeyatts) n
            JOIN pg_opclass o ON o.oid = i.indclass[n - 1]
            LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1] AND a.attnum > 0
            CROSS JOIN LATERAL (SELECT pg_get_indexdef(i.indexrelid, n, false) AS key) d
            CROSS JOIN LATERAL (SELECT ' COLLATE ' || i.indcollation[n - 1]::regcollation AS sql) w
            CROSS JOIN LATERAL (SELECT w.sql, CASE WHEN i.indcollation[n - 1] = 0 THEN false
                WHEN a.attnum IS NOT NULL THEN i.indcollation[n - 1] <> a.attcollation
                ELSE strpos(pg_get_indexdef(i.indexrelid), CASE n WHEN 1 THEN ' (' ELSE ', ' END || d.key || w.sql) > 0 END AS is) l) u
            WHERE u.is),
        to_json(array_remove(ARRAY[
            CASE WHEN (to_jsonb(i) ->> 'indnullsnotdistinct')::bool THEN 'NULLS NOT DISTINCT' END,
            (SELECT 'INCLUDE (' || string_agg(pg_get_indexdef(i.indexrelid, n, false), ', ' ORDER BY n) || ')'
                FROM generate_series(i.indnkeyatts + 1, i.indnatts) n),
            CASE WHEN m.amname <> 'btree' THEN 'USING ' || m.amname END,
            CASE WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'INVALID' END], NULL)), pg_get_indexdef(i.indexrelid, 0, true))::text
    FROM t
    JOIN pg_index i ON i.indrelid = t.oid
    JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_am m ON m.oid = x.relam
    WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'policy', t.relname::text, 0, json_build_array(p.polname, p.polpermissive,
        CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        (SELECT json_agg(n.name ORDER BY n.name)
            FROM unnest(p.polroles) o LEFT JOIN pg_roles r ON r.oid = o
            CROSS JOIN LATERAL (SELECT CASE WHEN r.rolname = 'PUBLIC' THEN '"PUBLIC"' ELSE coalesce(r.rolname, 'PUBLIC') END) n (name)),
        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))::text
    FROM t JOIN pg_policy p ON p.polrelid = t.oid
UNION ALL
SELECT 'grant', t.relname::text, 0, json_build_array(g.privilege_type || g.of_column, coalesce(o.rolname, 'PUBLIC'), g.is_grantable, m.through,
        CASE WHEN g.grantor <> t.relowner THEN g.grantor::regrole END, m.revoke)::text
    FROM t
    CROSS JOIN LATERAL (
        SELECT e.grantor, e.grantee, e.privilege_type, e.is_grantable, '' AS of_column FROM aclexplode(t.relacl) e
        UNION ALL
        SELECT e.grantor, e.grantee, e.privilege_type, e.is_grantable, format(' (%s)', quote_ident(a.attname))
            FROM pg_attribute a, aclexplode(a.attacl) e WHERE a.attrelid = t.oid
        UNION ALL
        SELECT NULL, b.oid, v.privilege, false, '' FROM pg_roles b JOIN (VALUES ('pg_read_all_data', 'SELECT'), ('pg_write_all_data', 'INSERT'),
            ('pg_write_all_data', 'UPDATE'), ('pg_write_all_data', 'DELETE'), ('pg_maintain', 'MAINTAIN')) v (name, privilege)
            ON v.name = b.rolname) g
    LEFT JOIN pg_roles o ON o.oid = g.grantee
    LEFT JOIN m ON m.oid = g.grantee AND m.oid <> t.relowner
    WHERE g.grantee = 0 OR o.rolname = $1 OR m.oid IS NOT NULL
UNION ALL
-- The largest key is the last entry of its index. Numbers that the login may not read are not known.
SELECT 'sequence', t.relname::text, 0, json_build_array(quote_ident(q.relname),
        coalesce((SELECT has_sequence_privilege(r.oid, q.oid, 'USAGE, UPDATE') FROM r), false),
        CASE WHEN v.increment > 0 AND NOT v.cycle AND has_sequence_privilege(q.oid, 'SELECT, USAGE')
            THEN coalesce(pg_sequence_last_value(q.oid) + v.increment, v.start)::text END,
        CASE WHEN NOT row_security_active(t.oid) AND has_column_privilege(t.oid, a.attnum, 'SELECT') THEN (
            SELECT w.word FROM ts_stat(format(
                'SELECT array_to_tsvector(ARRAY[max(%I)::text]) FROM %s HAVING max(%I) IS NOT NULL',
                a.attname, t.oid::regclass, a.attname)) w) END)::text
    FROM t
    JOIN pg_index k ON k.indrelid = t.oid AND k.indisprimary AND k.indnkeyatts = 1
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.indkey[0] AND a.attidentity <> ''
    JOIN pg_depend p ON p.refclassid = 'pg_class'::regclass AND p.refobjid = t.oid AND p.refobjsubid = a.attnum
        AND p.classid = 'pg_class'::regclass AND p.deptype = 'i'
    JOIN pg_class q ON q.oid = p.objid AND q.relkind = 'S'
    JOIN LATERAL (SELECT seqincrement, seqcycle, seqstart FROM pg_sequence WHERE seqrelid = q.oid)
        v (increment, cycle, start) ON true
UNION ALL
SELECT 'other', t.relname::text, 0, json_build_array('TRIGGER', g.tgname, pg_get_triggerdef(g.oid), NULL)::text
    FROM t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
UNION ALL
SELECT 'other', t.relname::text, 0, json_build_array('RULE', w.rulename, pg_get_ruledef(w.oid), NULL)::text
    FROM t JOIN pg_rewrite w ON w.ev_class = t.oid WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'other', c.relname::text, coalesce(-d.depth, 0), json_build_array(k.kind, c.relname,
        'CREATE ' || k.kind || ' ' || quote_ident(c.relname) || coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '')
            || ' AS ' || rtrim(pg_get_viewdef(c.oid), ';'), e.extname)::text
    FROM c
    LEFT JOIN pg_depend b ON b.classid = 'pg_class'::regclass AND b.objid = c.oid AND b.deptype = 'e'
    LEFT JOIN pg_extension e ON e.oid = b.refobjid
    CROSS JOIN LATERAL (SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'FOREIGN TABLE' END AS kind) k
    LEFT JOIN (SELECT oid, max(depth) AS depth FROM d GROUP BY 1) d ON d.oid = c.oid
    WHERE c.relkind IN ('v', 'm', 'f')
UNION ALL
SELECT 'taken', x.relname::text, 0, json_build_array(CASE
        WHEN e.extname IS NOT NULL THEN 'what the extension ' || e.extname || ' brought' WHEN x.relkind = 'S' THEN 'a sequence'
        WHEN x.relkind = 'c' THEN 'a type' WHEN x.relispartition THEN 'a partition' ELSE 'an index' END)::text
    FROM s
    JOIN pg_class x ON x.relnamespace = s.oid AND x.relname NOT IN ('seaql_migrations', 'seaql_migrations_checksums', 'seaql_migrations_progress') AND x.oid NOT IN (SELECT oid FROM c)
    LEFT JOIN pg_index i ON i.indexrelid = x.oid
    LEFT JOIN pg_depend b ON b.classid = 'pg_class'::regclass AND b.objid = x.oid AND b.deptype = 'e'
    LEFT JOIN pg_extension e ON e.oid = b.refobjid
    WHERE i.indrelid IS NULL OR i.indrelid NOT IN (SELECT oid FROM t)
UNION ALL
SELECT 'taken', y.typname::text, 0, '["a type"]' FROM s JOIN pg_type y ON y.typnamespace = s.oid AND y.typrelid = 0 AND y.typelem = 0
UNION ALL
SELECT DISTINCT 'uses', t.relname::text, 0, json_build_array(o.kind, o.name, u.kind, u.schema::regnamespace, u.name, u.said,
        u.schema = t.relnamespace AND NOT u.is_known)::text
    FROM (
        SELECT 'policy', polname, 'pg_policy'::regclass, oid, polrelid, 0 FROM pg_policy
        UNION ALL
        SELECT 'constraint', conname, 'pg_constraint'::regclass, oid, conrelid, 0 FROM pg_constraint WHERE contype = 'c'
        UNION ALL
        SELECT 'column', a.attname, 'pg_attrdef'::regclass, d.oid, d.adrelid, a.atttypid
            FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        UNION ALL
        SELECT 'index', x.relname, 'pg_class'::regclass, x.oid, i.indrelid, 0
            FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid) o (kind, name, class, id, rel, ty)
    JOIN t ON t.oid = o.rel
    JOIN pg_depend d ON d.classid = o.class AND d.objid = o.id
    CROSS JOIN LATERAL (
        SELECT 'function', f.oid, f.pronamespace, f.proname, f.oid::regprocedure::text, EXISTS (SELECT FROM pg_proc b
                WHERE b.pronamespace = 'pg_catalog'::regnamespace AND b.proname = f.proname)
            FROM pg_proc f WHERE d.refclassid = 'pg_proc'::regclass AND f.oid = d.refobjid
        UNION ALL
        SELECT 'operator', f.oid, f.oprnamespace, f.oprname, f.oid::regoperator::text, true
            FROM pg_operator f WHERE d.refclassid = 'pg_operator'::regclass AND f.oid = d.refobjid
        UNION ALL
        SELECT 'type', f.oid, coalesce(e.typnamespace, f.typnamespace), coalesce(e.typname, f.typname), f.oid::regtype::text,
                EXISTS (SELECT FROM pg_type b
                    WHERE b.typnamespace = 'pg_catalog'::regnamespace AND b.typname = coalesce(e.typname, f.typname))
            FROM pg_type f LEFT JOIN pg_type e ON e.oid = f.typelem AND e.typarray = f.oid
            WHERE d.refclassid = 'pg_type'::regclass AND f.oid = d.refobjid AND f.oid <> o.ty
        UNION ALL
        SELECT 'relation', f.oid, f.relnamespace, f.relname, f.oid::regclass::text, EXISTS (SELECT FROM pg_class b
                WHERE b.relnamespace = 'pg_catalog'::regnamespace AND b.relname = f.relname)
            FROM pg_class f WHERE d.refclassid = 'pg_class'::regclass AND f.oid = d.refobjid AND f.oid <> t.oid) u (kind, id, schema, name, said, is_known)
    WHERE u.schema <> 'pg_catalog'::regnamespace OR u.id >= 16384
