//! Row level security, privileges, and what is there besides.

use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;

use crate::case::{Expected, expect};

pub const CASES: &[(&str, Expected)] = &[
    (
        "ALTER TABLE devices DISABLE ROW LEVEL SECURITY",
        expect(
            "devices",
            RowSecurity,
            Off,
            "ALTER TABLE devices ENABLE ROW LEVEL SECURITY",
        ),
    ),
    (
        "ALTER TABLE devices NO FORCE ROW LEVEL SECURITY",
        expect(
            "devices",
            RowSecurity,
            Off,
            "ALTER TABLE devices FORCE ROW LEVEL SECURITY",
        ),
    ),
    (
        "DROP POLICY owner_devices ON devices",
        expect(
            "devices: owner_devices",
            Policy,
            Missing,
            "CREATE POLICY owner_devices ON devices FOR ALL USING (user_id = ",
        ),
    ),
    (
        "ALTER POLICY owner_devices ON devices USING (true)",
        expect(
            "devices: owner_devices",
            Policy,
            Weaker,
            "DROP POLICY owner_devices ON devices; CREATE POLICY",
        ),
    ),
    (
        "ALTER POLICY owner_devices ON devices WITH CHECK (user_id IS NOT NULL)",
        expect(
            "devices: owner_devices",
            Policy,
            Weaker,
            "WITH CHECK (user_id = ",
        ),
    ),
    (
        "DROP POLICY owner_devices ON devices; CREATE POLICY owner_devices ON devices FOR SELECT USING (user_id = \
         (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))",
        expect("devices: owner_devices", Policy, Weaker, "FOR ALL USING"),
    ),
    (
        "CREATE POLICY support ON devices USING (platform = 'ios')",
        expect(
            "devices: support",
            Policy,
            Extra,
            "DROP POLICY support ON devices",
        ),
    ),
    (
        "REVOKE UPDATE ON devices FROM catamaran_app",
        expect(
            "devices: UPDATE TO catamaran_app",
            Grant,
            Missing,
            "GRANT UPDATE ON devices TO catamaran_app",
        ),
    ),
    (
        "GRANT TRUNCATE ON devices TO catamaran_app",
        expect(
            "devices: TRUNCATE TO catamaran_app",
            Grant,
            Extra,
            "REVOKE TRUNCATE ON devices FROM catamaran_app",
        ),
    ),
    (
        "GRANT SELECT ON devices TO PUBLIC",
        expect(
            "devices: SELECT TO PUBLIC",
            Grant,
            Extra,
            "REVOKE SELECT ON devices FROM PUBLIC",
        ),
    ),
    (
        "CREATE TABLE drafts (id uuid)",
        expect("drafts", Table, Extra, "DROP TABLE drafts"),
    ),
    (
        "CREATE TABLE outbox (id uuid)",
        expect("outbox", Table, Extra, "DROP TABLE outbox"),
    ),
    (
        "DROP TABLE devices",
        expect(
            "devices",
            Table,
            Missing,
            "add a migration whose postgres branch creates the table devices",
        ),
    ),
    (
        "CREATE VIEW all_habits AS SELECT id FROM habits",
        expect(
            "all_habits: VIEW all_habits",
            Other,
            Extra,
            "DROP VIEW all_habits",
        ),
    ),
    (
        "CREATE TRIGGER touch BEFORE UPDATE ON habits FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        expect(
            "habits: TRIGGER touch ON habits",
            Other,
            Extra,
            "DROP TRIGGER touch ON habits",
        ),
    ),
];
