//! The page of the book with what was generated for each change.

use std::fmt::Write;

use catamaran::Engine;
use catamaran::doctor::{Cost, Filling, Generated, Kept, Trial};
use suite::generated::assert_page;

use super::changes::Change;

const HEAD: &str = "\
# Changes of a schema

What `migration generate` writes for each kind of change ([Adding an entity](adding-an-entity.md#change-a-schema)), and
what becomes of the rows. The migrations so far build two small tables, `users` and `notes`. Each table gets two rows,
one of them with NULL in every column that accepts it. Then the migration runs up, down and up again, on both engines.

| word | meaning |
|---|---|
| by hand | no statement is written, and the report says why: Postgres does not alter a column that a view reads, and the view is not the domain's |
| catalog | only the catalog changes, in a moment |
| scan | every row is read while writers wait, on Postgres for most of these readers too |
| rewrite | every row is written again while others wait; on SQLite the table is rebuilt |
| kept | every row is left with every value |
| converted | the values are written as another type |
| without | the values of the column or table are gone |
| refused on rows, refused on NULL | the migration fails on such rows and changes nothing, as only people know the values |
| back | what is left after the way down, or that it fails on rows, as no value is known for a column that was dropped |

How to avoid a scan or a rewrite of a large table on Postgres is printed with each statement. Patterns of SQLite (`GLOB`) are
shortened here.

`cargo test -p suite --all-features --test doctor` with `CATAMARAN_WRITE_DOCS=1` writes this page. Every other run of the
suite compares the page with its results.
";

/// Compares the page with the results, or writes it. `split`: the migrations before and after the rows of a table are
/// moved, which were kept.
pub fn assert(all: &[(&Change, &Generated)], split: &[Generated; 2]) {
    let mut text = format!(
        "{HEAD}\n| Change | SQLite | rows on SQLite | Postgres | rows on Postgres |\n|---|---|---|---|---|\n"
    );
    for (change, generated) in all {
        let cells = Engine::ALL.map(|engine| {
            if change.by_hand_on == Some(engine) {
                return "by hand | ".to_owned();
            }
            let trial = generated.trials.iter().find(|trial| trial.engine == engine);
            let rows = trial.map_or(String::new(), rows);
            format!("{} | {rows}", cost([*generated], engine))
        });
        // Writing to a text does not fail.
        let _ = writeln!(text, "| {} | {} |", change.what, cells.join(" | "));
    }
    let costs = Engine::ALL.map(|engine| cost(split, engine));
    let _ = writeln!(
        text,
        "| table split: a table added, 2,000 rows moved by a [data migration](data-migrations.md), a column dropped | {} | kept \
         | {} | kept |",
        costs[0], costs[1]
    );
    text.push_str("\n## The statements\n");
    for (change, generated) in all {
        let _ = writeln!(
            text,
            "\n### {}{}\n\n{}",
            first_letter(change.what),
            &change.what[1..],
            options(change)
        );
        for engine in Engine::ALL {
            let name = match engine {
                Engine::Sqlite => "SQLite",
                Engine::Postgres => "Postgres",
            };
            let statements = generated.suggestion.up(engine);
            if change.by_hand_on == Some(engine) {
                let _ = writeln!(text, "{name}: by hand, as the report says.\n");
                continue;
            }
            if statements.is_empty() {
                let _ = writeln!(text, "{name}: nothing to do.\n");
                continue;
            }
            let sql: String = statements
                .iter()
                .map(|sql| format!("{};\n", shortened(sql)))
                .collect();
            let _ = writeln!(text, "{name}:\n\n```sql\n{sql}```\n");
        }
    }
    let text = format!("{}\n", text.replace("\n\n\n", "\n\n").trim_end());
    assert_page("schema-changes.md", &text);
}

/// Without the patterns of SQLite, which are long and repetitive.
fn shortened(sql: &str) -> String {
    let mut parts = sql.split("GLOB '");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.split_once('\'').map_or("", |(_, rest)| rest);
        format!("{text}GLOB '..'{rest}")
    })
}

fn first_letter(text: &str) -> String {
    text[..1].to_uppercase()
}

/// The options of the command line.
fn options(change: &Change) -> String {
    let renames = change.renames.iter();
    let renames = renames.map(|(old, new)| format!("`--rename {old}={new}`"));
    let drops = change.drops.iter().map(|what| format!("`--drop {what}`"));
    let options: Vec<String> = renames.chain(drops).collect();
    match options.is_empty() {
        true => String::new(),
        false => format!("With {}.\n", options.join(" ")),
    }
}

/// The greatest cost of a statement.
fn cost<'g>(generated: impl IntoIterator<Item = &'g Generated>, engine: Engine) -> &'static str {
    let reviews = generated.into_iter().flat_map(|one| &one.review);
    let statements = reviews.filter(|(of, _)| *of == engine);
    let statements = statements.flat_map(|(_, statements)| statements);
    let greatest = statements.map(|one| one.cost).max();
    greatest.map_or("nothing to do", Cost::as_str)
}

fn rows(trial: &Trial) -> String {
    let words = match trial.filling {
        Filling::Empty => return "refused on rows".to_owned(),
        Filling::Rows => "refused on NULL; ",
        Filling::RowsWithNulls => "",
    };
    let back = match &trial.down {
        Err(_) => "; back: fails on rows".to_owned(),
        Ok(kept) if kept.is_whole() => String::new(),
        Ok(kept) => format!("; back: {}", kept_words(kept)),
    };
    format!("{words}{}{back}", kept_words(&trial.up))
}

fn kept_words(kept: &Kept) -> String {
    let mut words = Vec::new();
    if kept.is_whole() {
        words.push("kept".to_owned());
    }
    if kept.left < kept.rows {
        words.push(format!("{} of {} rows", kept.left, kept.rows));
    }
    let list = |what: &str, columns: &[String]| format!("{what} `{}`", columns.join("`, `"));
    for (what, columns) in [
        ("converted", &kept.converted),
        ("without", &kept.gone),
        ("changed", &kept.changed),
    ] {
        if !columns.is_empty() {
            words.push(list(what, columns));
        }
    }
    words.join(", ")
}
