//! Reads the tables with the database's own program: `psql` as the superuser, or `sqlite3`.
//! Neither the library nor its drivers take part.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use catamaran::Engine;
use catamaran::domain::Table;
use catamaran::testing::TwinDatabase;
use entity::domain::{DEVICES, HABIT_ENTRIES, HABITS, REMINDERS};

use crate::observer::Observer;

/// One running program that answers many queries.
struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// The line that ends an answer; no row has it.
const END: &str = "-- that is all --";

impl Program {
    /// # Panics
    /// If the program is absent.
    fn start(engine: Engine, url: &str) -> Self {
        let mut command = match engine {
            Engine::Postgres => {
                let mut psql = Command::new("psql");
                // Unaligned, only rows, no startup file, and stops at the first error.
                psql.args(["-qAtX", "-v", "ON_ERROR_STOP=1", url]);
                psql
            }
            Engine::Sqlite => {
                let mut sqlite = Command::new("sqlite3");
                let path = url.strip_prefix("sqlite://").unwrap_or(url);
                let path = path.split('?').next().unwrap_or(path);
                sqlite.args(["-batch", "-bail", path]);
                sqlite
            }
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            let program = command.get_program().to_string_lossy().into_owned();
            panic!("{program} is not installed ({error}): `cargo xtask test` does it on Debian")
        });
        let input = child.stdin.take().expect("asked for as a pipe");
        let output = BufReader::new(child.stdout.take().expect("asked for as a pipe"));
        Program {
            child,
            input,
            output,
        }
    }

    fn ask(&mut self, engine: Engine, sql: &str) -> Vec<String> {
        let say = match engine {
            Engine::Postgres => "\\echo",
            Engine::Sqlite => ".print",
        };
        writeln!(self.input, "{sql};\n{say} {END}").expect("the program listens");
        self.input.flush().expect("the program listens");
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let read = self
                .output
                .read_line(&mut line)
                .expect("the program answers");
            assert!(
                read > 0,
                "the program ended; its words are on standard error: {sql}"
            );
            match line.trim_end_matches('\n') {
                END => return lines,
                line => lines.push(line.to_owned()),
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It ends with its input; nothing of it is to be kept.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// The program for a database. A database in memory is read by a unit of the system's scope instead.
pub struct NativeClient {
    engine: Engine,
    seeing: Seeing,
}

enum Seeing {
    Program(Mutex<Program>),
    Store(Observer),
}

impl NativeClient {
    /// The one for that database.
    pub async fn of(db: &TwinDatabase) -> Self {
        let engine = db.engine();
        let seeing = match db.is_shared() {
            true => Seeing::Program(Mutex::new(Program::start(engine, db.url()))),
            false => Seeing::Store(Observer::of(db).await),
        };
        NativeClient { engine, seeing }
    }

    /// The single column of a query's rows, one line for each row.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        match &self.seeing {
            Seeing::Program(program) => {
                let mut program = program.lock().expect("no other test has it");
                program.ask(self.engine, sql)
            }
            Seeing::Store(outside) => outside.texts(sql).await,
        }
    }

    /// The number of rows of a table that match the condition.
    pub async fn count(&self, table: &str, condition: &str) -> u64 {
        let sql = format!("SELECT CAST(count(*) AS text) FROM {table} WHERE {condition}");
        let counted = self.texts(&sql).await;
        counted[0].parse().expect("a number")
    }

    /// Every row of every owned table of the reference domain, each as a line.
    pub async fn dump(&self) -> Vec<String> {
        self.dump_of(&[HABITS, HABIT_ENTRIES, REMINDERS, DEVICES])
            .await
    }

    /// Every row of these tables, each as a line.
    pub async fn dump_of(&self, tables: &[Table]) -> Vec<String> {
        let tables = tables.iter().map(|table| {
            let column = |column: &&str| format!("coalesce(CAST({column} AS text), 'NULL')");
            let columns: Vec<String> = table.columns.iter().map(column).collect();
            let columns = columns.join(" || ' | ' || ");
            format!("SELECT '{0}: ' || {columns} AS line FROM {0}", table.name)
        });
        let sql = format!(
            "{} ORDER BY 1",
            tables.collect::<Vec<_>>().join(" UNION ALL ")
        );
        self.texts(&sql).await
    }
}
