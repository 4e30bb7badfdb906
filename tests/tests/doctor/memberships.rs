//! What the application's role is, and what it may do as a member of another: roles belong to a whole server, so that
//! each of these tests has one of its own.

use std::sync::LazyLock;

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor};
use catamaran::domain::{Domain, Privilege, Table};
use catamaran::testing::{DatabaseOptions, PostgresServer};
use entity::DOMAIN;
use entity::domain::DEVICES;
use sea_orm::{ConnectOptions, ConnectionTrait, Database};

/// Statements, and the findings that they cause.
struct Harm {
    sql: &'static [&'static str],
    told: &'static [(Code, &'static str)],
}

/// Each is reported, and fixed by its own fix.
async fn assert_told_and_fixed(domain: &'static Domain, harms: &[Harm]) {
    let server = tokio::task::spawn_blocking(PostgresServer::start).await;
    let server = server.expect("a task").expect("a server");
    let options = DatabaseOptions::new();
    let database = options
        .postgres_on::<migration::Migrator>(&server)
        .await
        .expect("a database");
    let mut connect = ConnectOptions::new(database.url());
    connect.sqlx_logging(false);
    let db = Database::connect(connect).await.expect("a connection");
    let doctor = Doctor::new(domain).database(database.url());
    for harm in harms {
        for sql in harm.sql {
            let done = db.execute_unprepared(sql).await;
            done.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        let report = doctor.check().await;
        let told: Vec<(Code, String)> = report
            .findings
            .iter()
            .map(|finding| (finding.code, finding.subject()))
            .collect();
        let told: Vec<(Code, &str)> = told.iter().map(|(code, of)| (*code, of.as_str())).collect();
        assert_eq!(told, harm.told, "{:?}: {report}", harm.sql);
        let sql = report.statements(Engine::Postgres).join(";\n");
        let done = db.execute_unprepared(&sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let report = doctor.check().await;
        assert!(report.is_clean(), "{:?}: {report}", harm.sql);
    }
    let report = doctor.application_role("somebody_else").check().await;
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.code == Code::RoleMissing),
        "{report}"
    );
    db.close().await.expect("a connection that ends");
    database.close().await.expect("a database that goes");
}

#[tokio::test]
async fn an_application_role_that_bypasses_policies_is_reported() {
    assert_told_and_fixed(
        &DOMAIN,
        &[
            Harm {
                sql: &["ALTER ROLE catamaran_app BYPASSRLS"],
                told: &[(Code::RoleUnbound, "catamaran_app")],
            },
            Harm {
                sql: &["CREATE ROLE boss SUPERUSER", "GRANT boss TO catamaran_app"],
                told: &[(Code::RoleUnbound, "catamaran_app: boss")],
            },
            // Indirect membership: the direct grant is revoked.
            Harm {
                sql: &[
                    "CREATE ROLE seer BYPASSRLS",
                    "CREATE ROLE staff IN ROLE seer",
                    "GRANT staff TO catamaran_app",
                ],
                told: &[(Code::RoleUnbound, "catamaran_app: seer")],
            },
        ],
    )
    .await;
}

#[tokio::test]
async fn an_application_role_that_can_gain_privileges_is_reported() {
    assert_told_and_fixed(
        &DOMAIN,
        &[
            Harm {
                sql: &["ALTER ROLE catamaran_app CREATEROLE REPLICATION"],
                told: &[
                    (Code::RolePower, "catamaran_app: CREATEROLE"),
                    (Code::RolePower, "catamaran_app: REPLICATION"),
                ],
            },
            Harm {
                sql: &["GRANT pg_execute_server_program TO catamaran_app"],
                told: &[(Code::RolePower, "catamaran_app: pg_execute_server_program")],
            },
            // Indirect membership.
            Harm {
                sql: &[
                    "CREATE ROLE filers IN ROLE pg_read_server_files",
                    "GRANT filers TO catamaran_app",
                ],
                told: &[(Code::RolePower, "catamaran_app: pg_read_server_files")],
            },
            Harm {
                sql: &[
                    "CREATE ROLE makers CREATEROLE",
                    "GRANT makers TO catamaran_app",
                ],
                told: &[(Code::RolePower, "catamaran_app: makers")],
            },
            Harm {
                sql: &["GRANT SET ON PARAMETER session_replication_role TO catamaran_app"],
                told: &[(
                    Code::RolePower,
                    "catamaran_app: SET ON PARAMETER session_replication_role TO catamaran_app",
                )],
            },
            Harm {
                sql: &["GRANT ALTER SYSTEM ON PARAMETER archive_command TO PUBLIC"],
                told: &[(
                    Code::RolePower,
                    "catamaran_app: ALTER SYSTEM ON PARAMETER archive_command TO PUBLIC",
                )],
            },
            // Harmless.
            Harm {
                sql: &[
                    "GRANT SET ON PARAMETER log_min_duration_statement TO catamaran_app",
                    "ALTER ROLE catamaran_app CREATEDB",
                ],
                told: &[],
            },
        ],
    )
    .await;
}

#[tokio::test]
async fn privileges_inherited_by_the_application_role_are_reported() {
    assert_told_and_fixed(
        &DOMAIN,
        &[
            // DOMAIN grants SELECT too, but not TRUNCATE.
            Harm {
                sql: &[
                    "CREATE ROLE cleaners",
                    "CREATE ROLE nights IN ROLE cleaners",
                    "GRANT SELECT, TRUNCATE ON devices TO cleaners",
                    "GRANT SELECT (platform), REFERENCES (platform) ON devices TO cleaners",
                    "GRANT nights TO catamaran_app",
                ],
                told: &[
                    (
                        Code::GrantExtra,
                        "devices: REFERENCES (platform) TO cleaners",
                    ),
                    (Code::GrantExtra, "devices: TRUNCATE TO cleaners"),
                ],
            },
            // A role may keep a privilege that no member inherits.
            Harm {
                sql: &[
                    "CREATE ROLE readers",
                    "GRANT SELECT ON devices TO readers",
                    "GRANT readers, pg_monitor TO catamaran_app",
                ],
                told: &[],
            },
            // What is missing for the role itself is missing.
            Harm {
                sql: &["REVOKE SELECT ON devices FROM catamaran_app"],
                told: &[(Code::GrantMissing, "devices: SELECT TO catamaran_app")],
            },
            Harm {
                sql: &[
                    "CREATE TABLE drafts (id uuid)",
                    "GRANT pg_read_all_data, pg_write_all_data TO catamaran_app",
                ],
                told: &[
                    (Code::RolePower, "catamaran_app: pg_read_all_data"),
                    (
                        Code::HistoryWritable,
                        "seaql_migrations: DELETE TO pg_write_all_data",
                    ),
                    (
                        Code::HistoryWritable,
                        "seaql_migrations: INSERT TO pg_write_all_data",
                    ),
                    (
                        Code::HistoryWritable,
                        "seaql_migrations: UPDATE TO pg_write_all_data",
                    ),
                    (Code::TableExtra, "drafts"),
                ],
            },
            Harm {
                sql: &[
                    "CREATE ROLE builders",
                    "GRANT CREATE ON SCHEMA public TO builders",
                    "GRANT builders TO catamaran_app",
                ],
                told: &[(Code::GrantExtra, "public: CREATE TO builders")],
            },
            // An owner has every privilege; that is one finding.
            Harm {
                sql: &[
                    "CREATE ROLE owners",
                    "GRANT owners TO catamaran_app",
                    "ALTER TABLE devices OWNER TO owners",
                    "GRANT TRUNCATE ON devices TO owners",
                ],
                told: &[(Code::RoleOwns, "devices")],
            },
        ],
    )
    .await;
}

/// The devices are there to be read.
static READ: LazyLock<Domain> = LazyLock::new(|| {
    let devices = Table {
        privileges: &[Privilege::Select],
        ..DEVICES
    };
    let tables = DOMAIN.tables.iter();
    let tables = tables.map(|table| match table.name {
        "devices" => devices,
        _ => *table,
    });
    Domain {
        tables: tables.collect::<Vec<_>>().leak(),
        ..DOMAIN
    }
});

#[tokio::test]
async fn privileges_of_the_application_role_on_all_tables_are_reported() {
    assert_told_and_fixed(
        &READ,
        &[Harm {
            sql: &[
                "REVOKE INSERT, UPDATE, DELETE ON devices FROM catamaran_app",
                "GRANT pg_read_all_data, pg_write_all_data TO catamaran_app",
            ],
            told: &[
                (Code::RolePower, "catamaran_app: pg_read_all_data"),
                (
                    Code::HistoryWritable,
                    "seaql_migrations: DELETE TO pg_write_all_data",
                ),
                (
                    Code::HistoryWritable,
                    "seaql_migrations: INSERT TO pg_write_all_data",
                ),
                (
                    Code::HistoryWritable,
                    "seaql_migrations: UPDATE TO pg_write_all_data",
                ),
                (Code::GrantExtra, "devices: DELETE TO pg_write_all_data"),
                (Code::GrantExtra, "devices: INSERT TO pg_write_all_data"),
                (Code::GrantExtra, "devices: UPDATE TO pg_write_all_data"),
            ],
        }],
    )
    .await;
}
