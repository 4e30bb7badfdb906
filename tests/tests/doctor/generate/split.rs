//! A table that is split: its new part is generated, a data migration moves the rows, and the old column is dropped.

use std::cell::RefCell;

use catamaran::Engine;
use catamaran::doctor::Generated;
use catamaran::domain::TypedColumn;
use catamaran::migrate::data::v1::{Batch, Error, Next, Uuid};
use catamaran::migrate::{Migrator, Script, TwinMigration, up};
use sea_orm_migration::MigratorTrait;
use suite::observer;

use super::sketch::{TableSketch, base, table};
use super::{Statements, built, generate};
use crate::databases::Migrated;

/// How many rows the table has. Each second one has NULL in the column.
const ROWS: usize = 2_000;

thread_local! {
    static STEPS: RefCell<Vec<Step>> = RefCell::default();
}

struct Split;

impl catamaran::migrate::History for Split {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let steps = STEPS.with_borrow(Clone::clone).into_iter();
        steps.map(|step| Box::new(step) as _).collect()
    }
}

/// A migration with scripts up and down, for each engine.
#[derive(Clone)]
struct Step {
    name: &'static str,
    up: [Script; 2],
    down: [Script; 2],
}

impl Step {
    fn of(name: &'static str, generated: &Generated) -> Self {
        let script = |statements: &[String]| {
            let statements = statements.iter().cloned();
            statements.fold(Script::new(), |script, sql| script.sql(sql))
        };
        Step {
            name,
            up: Engine::ALL.map(|engine| script(generated.suggestion.up(engine))),
            down: Engine::ALL.map(|engine| script(generated.suggestion.down(engine))),
        }
    }
}

impl TwinMigration for Step {
    fn name(&self) -> &'static str {
        self.name
    }

    fn sqlite_up(&self) -> Script {
        self.up[0].clone()
    }

    fn sqlite_down(&self) -> Script {
        self.down[0].clone()
    }

    fn postgres_up(&self) -> Script {
        self.up[1].clone()
    }

    fn postgres_down(&self) -> Script {
        self.down[1].clone()
    }
}

async fn move_out(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let after = batch.cursor::<Uuid>()?.unwrap_or_default();
    let rows = batch
        .select(
            "SELECT id, body FROM notes WHERE id > $1 ORDER BY id LIMIT 300",
            [after.into()],
        )
        .await?;
    let Some(last) = rows.last() else {
        return Ok(Next::Done);
    };
    let next = Next::after(last.get::<Uuid>("id")?);
    let mut bodies = Vec::new();
    for row in &rows {
        if let Some(body) = row.get::<Option<String>>("body")? {
            bodies.push([row.get::<Uuid>("id")?.into(), body.into()]);
        }
    }
    batch.insert("bodies", ["id", "content"], bodies).await?;
    Ok(next)
}

async fn move_back(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let rows = batch
        .select("SELECT id, content FROM bodies ORDER BY id LIMIT 300", [])
        .await?;
    for row in &rows {
        let (id, content): (Uuid, String) = (row.get("id")?, row.get("content")?);
        let update = "UPDATE notes SET body = $2 WHERE id = $1";
        batch.execute(update, [id.into(), content.into()]).await?;
        let delete = "DELETE FROM bodies WHERE id = $1";
        batch.execute(delete, [id.into()]).await?;
    }
    match rows.is_empty() {
        true => Ok(Next::Done),
        false => Ok(Next::after(batch.number())),
    }
}

/// The migrations before and after the rows are moved.
async fn generated() -> Result<(Statements, [Generated; 2]), String> {
    let mut sketch = base();
    let mut so_far = built(sketch.clone().domain()).await;
    let first = so_far.clone();
    sketch.tables.push(TableSketch {
        columns: vec![
            TypedColumn::new("id", "uuid"),
            TypedColumn::new("content", "text"),
        ],
        ..table("bodies")
    });
    let added = generate(so_far.clone(), sketch.clone().domain(), |doctor| doctor).await;
    let added = added.map_err(|error| error.to_string())?;
    let added = added.ok_or("no table to add")?;
    for (statements, engine) in so_far.0.iter_mut().zip(Engine::ALL) {
        statements.extend(added.suggestion.up(engine).iter().cloned());
    }
    sketch.notes().remove("body");
    let dropped = generate(so_far, sketch.domain(), |doctor| doctor).await;
    let dropped = dropped.map_err(|error| error.to_string())?;
    Ok((first, [added, dropped.ok_or("no column to drop")?]))
}

/// Splits the table on both engines, up, down and up again, and returns the generated parts.
pub async fn tried() -> Result<[Generated; 2], String> {
    let (so_far, [added, dropped]) = generated().await?;
    let data = |source, step| Engine::ALL.map(|_| Script::data_v1(source, step));
    STEPS.set(vec![
        Step {
            name: "m1_so_far",
            up: [0, 1].map(|place| super::SoFar(so_far.clone()).script(place)),
            down: Engine::ALL.map(|_| Script::nothing("nothing goes back so far")),
        },
        Step::of("m2_added", &added),
        Step {
            name: "m3_moved",
            up: data("up", |batch| Box::pin(move_out(batch))),
            down: data("down", |batch| Box::pin(move_back(batch))),
        },
        Step::of("m4_dropped", &dropped),
    ]);
    for engine in Engine::ALL {
        let run = Box::pin(split(engine)).await;
        run.map_err(|error| format!("{engine}: {error}"))?;
    }
    Ok([added, dropped])
}

async fn split(engine: Engine) -> Result<(), String> {
    let database = Migrated::by::<super::Nothing>(engine).await;
    let (db, url) = (&database.connection, database.database.url());
    let text = |error: sea_orm::DbErr| error.to_string();
    Migrator::<Split>::up(db, Some(1)).await.map_err(text)?;
    let id = match engine {
        Engine::Sqlite => "printf('00000000-0000-4000-8000-%012d', i)",
        Engine::Postgres => "('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid",
    };
    database
        .run(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) \
             INSERT INTO notes (id, author, title, body, kind, size) \
             SELECT {id}, {id}, 'title ' || i, CASE i % 2 WHEN 0 THEN 'body ' || i END, 'text', i FROM n"
        ))
        .await?;
    for _ in 0..2 {
        let report = up::<Split>(url).await.map_err(|error| error.to_string())?;
        if report.outside != ["m3_moved"] {
            return Err(format!("{report:?}"));
        }
        let moved = "SELECT count(*) || '' FROM notes n JOIN bodies b ON b.id = n.id AND b.content = 'body ' || n.size";
        let whole = "SELECT count(*) || '' FROM bodies";
        for sql in [moved, whole] {
            same(db, sql, ROWS / 2).await?;
        }
        Migrator::<Split>::down(db, Some(3)).await.map_err(text)?;
        let back = "SELECT count(*) || '' FROM notes WHERE body = 'body ' || size OR body IS NULL AND size % 2 = 1";
        same(db, back, ROWS).await?;
    }
    Ok(())
}

async fn same(db: &sea_orm::DatabaseConnection, sql: &str, rows: usize) -> Result<(), String> {
    let found = observer::texts(db, sql).await;
    let found = found.map_err(|error| format!("{sql}: {error}"))?;
    match found == [rows.to_string()] {
        true => Ok(()),
        false => Err(format!("{found:?} instead of {rows}: {sql}")),
    }
}
