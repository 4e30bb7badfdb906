use catamaran::Engine;
use catamaran::domain::MATRIX;
use catamaran::migrate::{Script, TwinMigration};

/// The migrations of the adversarial domain.
#[derive(Clone, Copy, Debug)]
pub struct History;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(Role), Box::new(Tables)]
    }
}

/// As in the reference domain: the role belongs to the cluster.
pub(crate) struct Role;

impl TwinMigration for Role {
    fn name(&self) -> &'static str {
        "m20261122_000001_role"
    }

    fn sqlite_up(&self) -> Script {
        Script::nothing("no roles")
    }

    fn sqlite_down(&self) -> Script {
        Script::nothing("no roles")
    }

    fn postgres_up(&self) -> Script {
        let history = <migration::History as catamaran::migrate::History>::migrations();
        history[0].postgres_up()
    }

    fn postgres_down(&self) -> Script {
        Script::nothing("another database may need it")
    }
}

struct Tables;

/// The check that the type of a column needs.
fn form(engine: Engine, ty: &str, column: &str) -> String {
    let row = MATRIX.iter().find(|row| row.name == ty);
    let form = row
        .and_then(|row| row.on(engine).form)
        .expect("a type with a form");
    form.replace("{c}", column)
}

impl TwinMigration for Tables {
    fn name(&self) -> &'static str {
        "m20261122_000002_tables"
    }

    fn sqlite_up(&self) -> Script {
        let form = |ty, column| form(Engine::Sqlite, ty, column);
        Script::new()
            .sql(format!(
                r#"create table [order] (
                    `group` INTEGER not null constraint ck_order__group check ({}),
                    "select" TEXT not null,
                    parent_group INTEGER,
                    "Parent Select" TEXT,
                    status TEXT not null default 'it''s new',
                    email TEXT collate binary constraint "unique" unique,
                    payload TEXT not null,
                    raw BLOB not null,
                    due TEXT,
                    is_open INTEGER default (1) not null,
                    created TEXT not null,
                    rank INTEGER not null default -1,
                    share REAL not null,
                    constraint "table" primary key ("group", "select"),
                    constraint "references" foreign key (parent_group, "Parent Select") references "order"
                        on update cascade on delete set null,
                    constraint ck_order__select check ({}),
                    constraint ck_order__parent_group check (-2147483648 <= parent_group and parent_group <= 2147483647),
                    constraint ck_parent_select check ({}),
                    constraint ck_order__status check (status in ('lost', 'sent', 'it''s new', 'paid')),
                    constraint ck_order__payload check ({}),
                    constraint ck_order__due check ({}),
                    constraint ck_order__is_open check (is_open = 0 or is_open = 1),
                    constraint ck_order__created check ({}),
                    constraint ck_order__rank check ({}),
                    constraint "check" check (0.5 <= share or is_open = 0 or due is not null)
                ) strict"#,
                form("int4", "`group`"),
                form("uuid", "\"select\""),
                form("uuid", "\"Parent Select\""),
                form("json", "payload"),
                form("date", "due"),
                form("timestamptz", "created"),
                form("int2", "rank"),
            ))
            .sql(r#"create unique index ux_open on "order" (status) where is_open = 1"#)
            .sql(r#"create unique index ux_closed on "order" (status asc) where due is not null and is_open = 0"#)
            .sql(r#"create index ix_lower on "order" (LOWER(email), created desc)"#)
            .sql(r#"create index "where" on "order" ("Parent Select" desc, "group") where rank != 3 and (status = 'paid' or status = 'it''s new')"#)
            .sql(format!(
                r#"CREATE TABLE the_longest_name_that_postgres_lets_a_table_have_is_this_one_ok (
                    a_column_whose_name_is_of_sixty_three_bytes_and_of_not_one_more INTEGER NOT NULL
                        CONSTRAINT pk_of_the_longest_name_that_postgres_lets_a_constraint_have_ok_ PRIMARY KEY,
                    "group" INTEGER NOT NULL,
                    "select" TEXT NOT NULL,
                    CONSTRAINT fk_of_the_longest_name_that_postgres_lets_a_constraint_have_ok_
                        FOREIGN KEY ("group", "select") REFERENCES "order" ("group", "select") ON DELETE RESTRICT,
                    CONSTRAINT ck_long__group CHECK ({}),
                    CONSTRAINT ck_long__select CHECK ({})
                ) STRICT"#,
                form("int4", "\"group\""),
                form("uuid", "\"select\""),
            ))
            .sql(
                r#"CREATE INDEX ix_of_the_longest_name_that_postgres_lets_an_index_have_it_is_o
                    ON the_longest_name_that_postgres_lets_a_table_have_is_this_one_ok ("group", "select")"#,
            )
    }

    fn sqlite_down(&self) -> Script {
        Script::new()
            .sql("DROP TABLE the_longest_name_that_postgres_lets_a_table_have_is_this_one_ok")
            .sql("DROP TABLE \"order\"")
    }

    fn postgres_up(&self) -> Script {
        let form = |ty, column| form(Engine::Postgres, ty, column);
        Script::new()
            .sql(format!(
                r#"create table "order" (
                    "group" int not null,
                    "select" uuid not null,
                    parent_group int,
                    "Parent Select" uuid,
                    status text collate "C" not null default 'it''s new'
                        constraint ck_order__status check (status = any (array['paid', 'it''s new', 'sent', 'lost'])),
                    email text collate "C" constraint "unique" unique,
                    payload jsonb not null,
                    raw bytea not null,
                    due date constraint ck_order__due check ({}),
                    is_open bool not null default 't',
                    created timestamp with time zone not null constraint ck_order__created check ({}),
                    rank smallint not null default -1,
                    share float8 not null,
                    constraint "table" primary key ("group", "select"),
                    constraint "references" foreign key (parent_group, "Parent Select") references "order"
                        on update cascade on delete set null,
                    constraint "check" check ((share >= 0.5 or due is not null) or not is_open)
                )"#,
                form("date", "due"),
                form("timestamptz", "created"),
            ))
            .sql(r#"create unique index ux_open on "order" (status) where is_open = true"#)
            .sql(r#"create unique index ux_closed on "order" (status) where not (is_open or due is null)"#)
            .sql(r#"create index ix_lower on "order" (lower(email), created desc)"#)
            .sql(r#"create index "where" on "order" ("Parent Select" desc, "group") where (status = 'paid' or status = 'it''s new') and rank <> 3"#)
            .sql(
                r#"CREATE TABLE the_longest_name_that_postgres_lets_a_table_have_is_this_one_ok (
                    a_column_whose_name_is_of_sixty_three_bytes_and_of_not_one_more bigint
                        CONSTRAINT pk_of_the_longest_name_that_postgres_lets_a_constraint_have_ok_ PRIMARY KEY,
                    "group" integer NOT NULL,
                    "select" uuid NOT NULL,
                    CONSTRAINT fk_of_the_longest_name_that_postgres_lets_a_constraint_have_ok_
                        FOREIGN KEY ("group", "select") REFERENCES "order" ON DELETE RESTRICT
                )"#,
            )
            .sql(
                r#"CREATE INDEX ix_of_the_longest_name_that_postgres_lets_an_index_have_it_is_o
                    ON the_longest_name_that_postgres_lets_a_table_have_is_this_one_ok ("group", "select")"#,
            )
            .sql(r#"GRANT SELECT, INSERT, UPDATE, DELETE ON "order" TO catamaran_app"#)
            .sql(
                "GRANT SELECT, INSERT, UPDATE, DELETE \
                 ON the_longest_name_that_postgres_lets_a_table_have_is_this_one_ok TO catamaran_app",
            )
    }

    fn postgres_down(&self) -> Script {
        Script::new()
            .sql("DROP TABLE the_longest_name_that_postgres_lets_a_table_have_is_this_one_ok")
            .sql("DROP TABLE \"order\"")
    }
}
