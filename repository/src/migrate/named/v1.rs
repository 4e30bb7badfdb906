//! Version 1 of the named SQL. Never change it: the checksums of migrations that have run cover the text. Add a version.

use crate::model::engine::Engine;

/// The check of one type, with `{c}` for the column. `None` where the engine's own type needs none.
struct TypeCheck {
    name: &'static str,
    sqlite: Option<&'static str>,
    postgres: Option<&'static str>,
}

impl TypeCheck {
    fn on(&self, engine: Engine) -> Option<&'static str> {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

const fn on_sqlite(name: &'static str, sqlite: &'static str) -> TypeCheck {
    TypeCheck {
        name,
        sqlite: Some(sqlite),
        postgres: None,
    }
}

const fn on_both(name: &'static str, sqlite: &'static str, postgres: &'static str) -> TypeCheck {
    TypeCheck {
        name,
        sqlite: Some(sqlite),
        postgres: Some(postgres),
    }
}

const fn without(name: &'static str) -> TypeCheck {
    TypeCheck {
        name,
        sqlite: None,
        postgres: None,
    }
}

/// All but [`NUMERIC`].
const CHECKS: &[TypeCheck] = &[
    on_sqlite(
        "uuid",
        "length(CAST({c} AS BLOB)) = 36 AND {c} GLOB '\
         [0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-\
         [0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-\
         [0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'",
    ),
    without("text"),
    on_sqlite("boolean", "{c} IN (0, 1)"),
    on_sqlite("int2", "{c} BETWEEN -32768 AND 32767"),
    on_sqlite("int4", "{c} BETWEEN -2147483648 AND 2147483647"),
    without("bigint"),
    on_sqlite(
        "real",
        "{c} BETWEEN -3.4028234663852886e38 AND 3.4028234663852886e38",
    ),
    without("double"),
    on_both(
        "timestamptz",
        "length(CAST({c} AS BLOB)) = 27 AND {c} GLOB '\
         [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].\
         [0-9][0-9][0-9][0-9][0-9][0-9]Z' AND {c} >= '0001'",
        "{c} >= '0001-01-01 00:00:00+00' AND {c} < '10000-01-01 00:00:00+00'",
    ),
    on_both(
        "date",
        "length(CAST({c} AS BLOB)) = 10 AND {c} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' \
         AND {c} >= '0001' AND date({c}, '+0 days') = {c}",
        "{c} >= '0001-01-01' AND {c} < '10000-01-01'",
    ),
    on_both(
        "time",
        "length(CAST({c} AS BLOB)) = 15 AND {c} GLOB '\
         [0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]' AND {c} < '24'",
        "{c} < '24:00:00'",
    ),
    without("bytes"),
    on_sqlite("json", "json_valid({c})"),
];

/// The check of a decimal number also takes the number of its digits: `numeric(price, 12)`.
const NUMERIC: &str = "numeric";

/// As many digits as the type `Numeric` has.
const MOST_DIGITS: u8 = 18;

/// The id of the user for whom the statement runs. In a subquery, so that it is evaluated once for each statement.
pub(super) const CALLER: &str = "(SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid)";

const CREATE_APPLICATION_ROLE: &str = include_str!("v1/create_application_role.sql");
const REVOKE_APPLICATION_ROLE: &str = include_str!("v1/revoke_application_role.sql");

/// The SQL of a `CALL` on an engine.
///
/// # Errors
/// What is wrong with it.
pub(super) fn statement(engine: Engine, name: &str, arguments: &[&str]) -> Result<String, String> {
    let template = match name {
        "create_application_role" => CREATE_APPLICATION_ROLE,
        "revoke_application_role" => REVOKE_APPLICATION_ROLE,
        _ => return Err("is none of create_application_role, revoke_application_role".to_owned()),
    };
    let [role] = arguments else {
        return Err("takes the name of a role".to_owned());
    };
    let role = match role
        .strip_prefix('"')
        .and_then(|role| role.strip_suffix('"'))
    {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => role.to_ascii_lowercase(),
    };
    match engine {
        Engine::Postgres => Ok(with_role(template, &role)),
        Engine::Sqlite => Err("is for Postgres: SQLite has no roles".to_owned()),
    }
}

/// A dollar sign in a literal, outside of it for the quotes of the block.
const DOLLAR: &str = "$' || '";

fn with_role(template: &str, role: &str) -> String {
    // Two dollar signs would end the block.
    let literal = format!("'{}'", role.replace('\'', "''").replace('$', DOLLAR));
    template.trim_end().replace("{role}", &literal)
}

/// The statement that creates the application's role.
#[cfg(feature = "fingerprint")]
pub(super) fn create_application_role(role: &str) -> String {
    with_role(CREATE_APPLICATION_ROLE, role)
}

/// The role that a statement creates, if it is [`create_application_role`].
#[cfg(feature = "doctor")]
pub(super) fn role_created_by(statement: &str) -> Option<String> {
    let (before, after) = CREATE_APPLICATION_ROLE.trim_end().split_once("{role}")?;
    let literal = statement.strip_prefix(before)?.strip_suffix(after)?;
    let text = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(text.replace(DOLLAR, "$").replace("''", "'"))
}

/// The SQL of a call in an expression, on an engine.
///
/// # Errors
/// What is wrong with it.
pub(super) fn sql(engine: Engine, name: &str, arguments: &[&str]) -> Result<String, String> {
    let (template, column) = match (name, arguments, engine) {
        ("caller", [], Engine::Postgres) => return Ok(CALLER.to_owned()),
        ("caller", [], Engine::Sqlite) => {
            return Err("is for the policies of Postgres: SQLite has none".to_owned());
        }
        ("caller", ..) => return Err("takes no argument".to_owned()),
        (NUMERIC, [column, digits], _) => {
            let digits = digits.parse().ok();
            let digits = digits.filter(|digits| (1..=MOST_DIGITS).contains(digits));
            let template = digits.map(|digits| numeric(engine, digits));
            let template = template.ok_or_else(|| format!("takes 1 to {MOST_DIGITS} digits"))?;
            (template, column)
        }
        (NUMERIC, ..) => return Err("takes a column and the number of its digits".to_owned()),
        _ => {
            let check = CHECKS.iter().find(|check| check.name == name);
            let check = check.ok_or_else(|| format!("is none of {}", names().join(", ")))?;
            let template = check.on(engine).ok_or_else(|| {
                format!("is not needed on {engine}, whose own type has its range: remove the check")
            })?;
            let [column] = arguments else {
                return Err("takes one column".to_owned());
            };
            (template.to_owned(), column)
        }
    };
    Ok(template.replace("{c}", column))
}

/// Every name.
pub(super) fn names() -> Vec<&'static str> {
    let names = CHECKS.iter().map(|check| check.name);
    names.chain([NUMERIC, "caller"]).collect()
}

fn numeric(engine: Engine, digits: u8) -> String {
    match engine {
        Engine::Sqlite => {
            let most = "9".repeat(digits.into());
            format!("{{c}} BETWEEN -{most} AND {most}")
        }
        Engine::Postgres => "{c} <> 'NaN'".to_owned(),
    }
}

/// Each check on an engine: its name, the arguments behind the column, and its condition with `{c}` for the column.
#[cfg(feature = "doctor")]
pub(super) fn checks(engine: Engine) -> impl Iterator<Item = (&'static str, String, String)> {
    let types = CHECKS.iter().filter_map(move |check| {
        let template = check.on(engine)?;
        Some((check.name, String::new(), template.to_owned()))
    });
    // On Postgres all numbers of digits have the same short check.
    let digits = match engine {
        Engine::Sqlite => MOST_DIGITS,
        Engine::Postgres => 0,
    };
    let numbers =
        (1..=digits).map(move |digits| (NUMERIC, format!(", {digits}"), numeric(engine, digits)));
    types.chain(numbers)
}
