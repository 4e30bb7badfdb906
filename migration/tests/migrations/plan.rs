//! What a command reads of a history, and what the plan of the pending migrations shows.

use std::cell::Cell;

use catamaran::Engine;
use catamaran::migrate::{History, Plan, Script, TwinMigration, pending, up};

use crate::support::given::{Given, given, step, twins};
use crate::support::{connect, run};

twins!(
    the_plan_says_how_many_statements_of_an_unfinished_migration_have_finished,
    a_command_reads_each_script_once,
    a_row_of_an_unfinished_migration_without_a_known_direction_is_an_error,
);

async fn the_plan_says_how_many_statements_of_an_unfinished_migration_have_finished(url: &str) {
    let outside = Script::new()
        .sql("INSERT INTO a VALUES (1)")
        .sql("INSERT INTO a VALUES (2)")
        .sql("INSERT INTO missing VALUES (3)")
        .outside_transaction();
    given([
        step("m1", Script::new().sql("CREATE TABLE a (x int)")),
        step("m2", outside),
        step("m3", Script::new().sql("SELECT 1").outside_transaction()),
    ]);
    let plan = Plan::pending::<Given>(url).await.expect("a plan");
    assert!(!plan.to_string().contains("unfinished"), "{plan}");
    up::<Given>(url).await.expect_err("a missing table");
    let plan = Plan::pending::<Given>(url).await.expect("a plan");
    assert_eq!(plan.names().collect::<Vec<_>>(), ["m2", "m3"]);
    let text = plan.to_string();
    let outside = "-- outside of a transaction: each statement by itself\n";
    let unfinished =
        "-- unfinished: 2 of 3 statement(s) have finished; `up` goes on after them\n\nINSERT";
    assert!(text.contains(&format!("{outside}{unfinished}")), "{text}");
    assert_eq!(text.matches("unfinished").count(), 1, "{text}");
    // A plan without a database has no such line.
    let whole = Plan::of::<Given>(Engine::Sqlite).expect("a plan");
    assert!(!whole.to_string().contains("unfinished"), "{whole}");
}

thread_local! {
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// A migration that counts how often its way up is asked for.
struct Counted;

impl TwinMigration for Counted {
    fn name(&self) -> &'static str {
        "m1"
    }
    fn sqlite_up(&self) -> Script {
        READ.set(READ.get() + 1);
        Script::new().sql("CREATE TABLE a (x int)")
    }
    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE a")
    }
    fn postgres_up(&self) -> Script {
        self.sqlite_up()
    }
    fn postgres_down(&self) -> Script {
        self.sqlite_down()
    }
}

struct Counting;

impl History for Counting {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(Counted)]
    }
}

/// A dump may have many thousands of statements.
async fn a_command_reads_each_script_once(url: &str) {
    Plan::pending::<Counting>(url).await.expect("a plan");
    assert_eq!(READ.take(), 1, "plan");
    pending::<Counting>(url).await.expect("pending");
    assert_eq!(READ.take(), 1, "pending");
    assert_eq!(up::<Counting>(url).await.expect("up").applied, ["m1"]);
    assert_eq!(READ.take(), 1, "up");
    assert!(up::<Counting>(url).await.expect("up").is_empty());
    assert_eq!(READ.take(), 1, "nothing to do");
}

/// Another program may have written the row.
async fn a_row_of_an_unfinished_migration_without_a_known_direction_is_an_error(url: &str) {
    given([step("m1", Script::new().sql("SELECT 1"))]);
    let db = connect(url).await;
    run(
        &db,
        "CREATE TABLE seaql_migrations_progress (migration text, direction text, finished integer, \
         has_begun_next integer, digest text, next_cursor text, rows_written bigint); \
         INSERT INTO seaql_migrations_progress VALUES ('m1', 'sideways', 0, 0, '', NULL, 0)",
    )
    .await;
    for error in [
        up::<Given>(url).await.map(drop).expect_err("a direction"),
        Plan::pending::<Given>(url)
            .await
            .map(drop)
            .expect_err("a direction"),
    ] {
        let words = "seaql_migrations_progress has a direction that is neither up nor down";
        assert!(error.to_string().contains(words), "{error}");
    }
}
