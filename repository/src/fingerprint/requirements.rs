//! The schema that each place should have, computed from DOMAIN and the records.

use super::described::Described;
use super::expression::Expression;
use super::schema::{
    AccessControl, Check, Column, ForeignKey, Generated, Grant, Index, Key, Namespace, Policy,
    PrimaryKey, Role, Schema, Sequence, Table, UniqueKey,
};
use super::set_null;
use crate::fingerprint::ident;
use crate::model::domain::description::TableDescription;
use crate::model::domain::{
    self, Action, DefaultValue, Domain, Equivalence, NativeType, Place, Privilege,
};
use crate::model::engine::Engine;

/// The sources of the required schemas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requirements<'a> {
    pub(crate) domain: &'a Domain,
    pub(crate) described: &'a Described,
    /// The application's role on Postgres.
    pub(crate) role: &'a str,
}

impl Requirements<'_> {
    /// The schema that a place should have; `None` for DOMAIN, which is not compared with itself.
    pub(crate) fn schema(&self, place: Place) -> Option<Schema> {
        let engine = place.engine()?;
        let mut schema = Schema::new(engine);
        if place.is_database() && engine == Engine::Postgres {
            schema.role = Some(Role {
                name: self.role.to_owned(),
                namespace: Namespace {
                    usable: true,
                    ..Namespace::default()
                },
                ..Role::default()
            });
        }
        for table in self.domain.tables_on(engine) {
            let description = self.described.table(table.name);
            let required = match place.is_database() {
                true => self.database_table(table, description, engine),
                false => self.entity(table, description, engine),
            };
            schema.tables.insert(table.name.to_owned(), required);
            if place.is_database() && engine == Engine::Sqlite {
                schema.others.extend(set_null::triggers(table));
            }
        }
        Some(schema)
    }

    /// The row of the matrix for a logical type. The domain's own rows come first.
    pub(crate) fn equivalence(&self, ty: &str) -> Option<&'static Equivalence> {
        let own = self.domain.types.iter().find(|row| row.name == ty);
        own.or_else(|| Equivalence::by_name(ty))
    }

    fn native(&self, ty: &str, engine: Engine) -> Option<&'static NativeType> {
        self.equivalence(ty).map(|row| row.on(engine))
    }

    fn entity(
        &self,
        table: &domain::Table,
        description: Option<&TableDescription>,
        engine: Engine,
    ) -> Table {
        let mut required = named(table, |action| action.as_sql().to_owned());
        required.columns = self.columns(table, description, engine, |native| native.entity);
        required
    }

    fn database_table(
        &self,
        table: &domain::Table,
        description: Option<&TableDescription>,
        engine: Engine,
    ) -> Table {
        let mut required = named(table, |action| set_null::action(action, engine));
        required.columns = self.columns(table, description, engine, |native| native.column);
        for column in &mut required.columns {
            let ty = description
                .and_then(|description| description.column(&column.name))
                .map(|column| column.ty);
            let native = ty.and_then(|ty| self.native(ty, engine));
            column.collation = native
                .and_then(|native| native.collation)
                .map(str::to_owned);
            let default = table
                .defaults
                .iter()
                .find(|default| default.column == column.name);
            let default = default.map(|default| literal(engine, default.value.as_type(ty)));
            let default = default.map(|sql| Expression::scalar(engine, &sql));
            column.default = default.map(|default| default.of_type(&column.ty));
        }
        required.unique_keys = table.unique_keys.iter().map(unique_key).collect();
        required.indexes = table
            .indexes
            .iter()
            .map(|index| (index.name.to_owned(), self::index(table, index, engine)))
            .collect();
        self.checks(table, description, engine, &mut required);
        match engine {
            Engine::Sqlite => required.options.push("STRICT".to_owned()),
            Engine::Postgres => {
                // An identity column says it.
                required.autoincrement = false;
                required.access_control = Some(self.access_control(table));
                if table.generated_key {
                    generated(table, &mut required);
                }
            }
        }
        required
    }

    fn columns(
        &self,
        table: &domain::Table,
        description: Option<&TableDescription>,
        engine: Engine,
        ty: fn(&NativeType) -> &'static str,
    ) -> Vec<Column> {
        let is_by_hand = description.is_some_and(|description| description.record.is_none());
        let columns = table.columns.iter().map(|name| {
            let description = description.and_then(|description| description.column(name));
            let native = description.and_then(|description| self.native(description.ty, engine));
            let nullable = description.is_some_and(|description| description.nullable);
            Column {
                name: (*name).to_owned(),
                // Only the name of a column is known if no record and no type describes it.
                ty: native.map(ty).unwrap_or_default().to_owned(),
                collation: None,
                nullable,
                default: None,
                generated: None,
                field: native.map_or(String::new(), |native| {
                    let is_key = table.primary_key.columns.contains(name);
                    let key = is_key.then_some(primary_key(table.generated_key));
                    field(name, native, nullable, key)
                }),
                // For a record, the compiler proves the type.
                value_type: native.filter(|_| is_by_hand).and_then(value_type),
                copied: None,
            }
        });
        columns.collect()
    }

    /// Adds the checks of DOMAIN, and those that the column types need.
    fn checks(
        &self,
        table: &domain::Table,
        description: Option<&TableDescription>,
        engine: Engine,
        required: &mut Table,
    ) {
        if description.is_none() {
            // Which columns need a check is not known without their types.
            let names = table
                .columns
                .iter()
                .map(|column| check_name(table.name, column));
            required.checks_without_condition.extend(names);
        }
        let needed = self.needed(table, description, engine);
        let mut met = Vec::new();
        for check in table
            .checks
            .iter()
            .filter(|check| check.engines.contains(&engine))
        {
            let form = needed.iter().find(|needed| needed.is(table, check));
            met.extend(form.map(|form| &form.column));
            let form = form.map(|form| &form.condition);
            let said = check
                .condition(engine)
                .map(|sql| Expression::condition(engine, sql));
            let condition = match (said, form) {
                (Some(said), Some(form)) if !said.implies(form) => Some(said.and(form)),
                (Some(said), _) => Some(said),
                (None, form) => form.cloned(),
            };
            match condition {
                Some(condition) => required.checks.push(Check {
                    name: Some(check.name.to_owned()),
                    condition,
                    valid: true,
                    unusual: Vec::new(),
                }),
                None => required
                    .checks_without_condition
                    .push(check.name.to_owned()),
            }
        }
        for form in needed.iter().filter(|form| !met.contains(&&form.column)) {
            required.checks.push(Check {
                name: Some(check_name(table.name, &form.column)),
                condition: form.condition.clone(),
                valid: true,
                unusual: Vec::new(),
            });
        }
    }

    /// The checks that the column types need on an engine.
    pub(crate) fn needed(
        &self,
        table: &domain::Table,
        description: Option<&TableDescription>,
        engine: Engine,
    ) -> Vec<Needed> {
        let columns = description
            .iter()
            .flat_map(|description| &description.columns);
        let needed = columns.filter_map(|column| {
            let name = crate::fingerprint::ident::name(&column.name);
            let (condition, lists_variants) = match &column.variants {
                Some(variants) => (variants.condition(&name), true),
                None => {
                    let form = match table.managed.version {
                        Some(version) if version == column.name => "{c} >= 1",
                        _ => self.native(column.ty, engine)?.form?,
                    };
                    (form.replace("{c}", &name), false)
                }
            };
            Some(Needed {
                column: column.name.clone(),
                condition: Expression::condition(engine, &condition),
                lists_variants,
            })
        });
        needed.collect()
    }

    /// An owned table has a policy on its owner. Other tables have privileges alone.
    fn access_control(&self, table: &domain::Table) -> AccessControl {
        let owned = table.owner.map(|owner| {
            let is_owner = Expression::condition(Engine::Postgres, &owner_is_the_caller(owner));
            let policy = Policy {
                permissive: true,
                command: "ALL".to_owned(),
                roles: vec!["PUBLIC".to_owned()],
                using: Some(is_owner.clone()),
                with_check: Some(is_owner),
            };
            (format!("owner_{}", table.name), policy)
        });
        let others = table
            .policies
            .iter()
            .map(|one| (one.name.to_owned(), policy(one)));
        let mut grants: Vec<Grant> = table
            .privileges
            .iter()
            .map(|privilege| Grant {
                privilege: privilege.as_sql().to_owned(),
                role: self.role.to_owned(),
                grantable: false,
                through: None,
                grantor: None,
                revoke: Vec::new(),
            })
            .collect();
        grants.sort();
        let policies: std::collections::BTreeMap<_, _> = owned.into_iter().chain(others).collect();
        AccessControl {
            enabled: !policies.is_empty(),
            forced: !policies.is_empty(),
            owned: false,
            policies,
            grants,
        }
    }
}

/// A check that a column's type needs.
pub(crate) struct Needed {
    pub(crate) column: String,
    pub(crate) condition: Expression,
    /// Whether it lists the variants of an enum: then a stricter check of DOMAIN would refuse one of them.
    pub(crate) lists_variants: bool,
}

impl Needed {
    /// Whether the check of DOMAIN is for this column.
    pub(crate) fn is(&self, table: &domain::Table, check: &domain::Check) -> bool {
        let says_nothing = check.sqlite.is_none() && check.postgres.is_none();
        let is_about_it = says_nothing && check.columns == [self.column.as_str()];
        is_about_it || check.name == check_name(table.name, &self.column)
    }
}

/// The name of a column's check, by DOMAIN's convention.
pub(crate) fn check_name(table: &str, column: &str) -> String {
    format!("ck_{table}__{column}")
}

/// The condition of an owned table's policy.
pub(crate) fn owner_is_the_caller(owner: &str) -> String {
    let owner = crate::fingerprint::ident::name(owner);
    format!(
        "{owner} = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid)"
    )
}

/// The keys, which are the same for entities and databases but for the actions of foreign keys.
fn named(table: &domain::Table, action: impl Fn(Action) -> String) -> Table {
    let foreign_keys = table.foreign_keys.iter();
    Table {
        primary_key: PrimaryKey {
            name: Some(table.primary_key.name.to_owned()),
            columns: owned(table.primary_key.columns),
            unusual: Vec::new(),
        },
        foreign_keys: foreign_keys.map(|key| foreign_key(key, &action)).collect(),
        autoincrement: table.generated_key,
        ..Table::default()
    }
}

fn unique_key(key: &domain::UniqueKey) -> UniqueKey {
    UniqueKey {
        name: Some(key.name.to_owned()),
        columns: owned(key.columns),
        unusual: Vec::new(),
    }
}

fn foreign_key(key: &domain::ForeignKey, action: impl Fn(Action) -> String) -> ForeignKey {
    ForeignKey {
        name: Some(key.name.to_owned()),
        columns: owned(key.columns),
        references: key.references.to_owned(),
        referenced_columns: owned(key.referenced_columns),
        on_delete: action(key.on_delete),
        on_update: action(key.on_update),
        deferrable: false,
        full: false,
        deferred: false,
        valid: true,
        enforced: true,
    }
}

fn index(table: &domain::Table, index: &domain::Index, engine: Engine) -> Index {
    let keys = index
        .columns
        .iter()
        .map(|column| key(table, column, engine));
    Index {
        keys: keys.collect(),
        unique: index.unique,
        predicate: index
            .predicate
            .map(|sql| Expression::condition(engine, sql)),
        unusual: Vec::new(),
    }
}

/// Reads an entry of an index: a column or an expression, with ` DESC` for descending order.
pub(crate) fn key(table: &domain::Table, text: &str, engine: Engine) -> Key {
    let (sql, descending) = match text.strip_suffix(" DESC") {
        Some(sql) => (sql, true),
        None => (text, false),
    };
    let sql = match table.columns.contains(&sql) {
        true => crate::fingerprint::ident::name(sql),
        false => sql.to_owned(),
    };
    Key {
        expression: Expression::scalar(engine, &sql),
        descending,
    }
}

fn policy(policy: &domain::Policy) -> Policy {
    let condition = |sql: Option<&str>| sql.map(|sql| Expression::condition(Engine::Postgres, sql));
    let mut roles = owned(policy.roles);
    if roles.is_empty() {
        roles.push("PUBLIC".to_owned());
    }
    roles.sort();
    Policy {
        permissive: policy.permissive,
        command: policy.command.as_sql().to_owned(),
        roles,
        using: condition(policy.using),
        with_check: condition(policy.with_check),
    }
}

/// SeaORM's name for the value type of a field. `None` for a custom type, and for JSON, for which SeaORM has two names.
fn value_type(native: &NativeType) -> Option<String> {
    let value = match native.field {
        "String" | "TextId" | "TextTime" | "TextDate" | "TextTimeOfDay" => "String",
        "Uuid" => "Uuid",
        "bool" => "Bool",
        "i16" => "SmallInt",
        "i32" => "Int",
        "i64" => "BigInt",
        "f32" => "Float",
        "f64" => "Double",
        "DateTimeUtc" => "ChronoDateTimeUtc",
        "Date" => "ChronoDate",
        "Time" => "ChronoTime",
        "Vec<u8>" => "Bytes",
        _ => return None,
    };
    Some(value.to_owned())
}

/// The field as an entity writes it.
fn field(name: &str, native: &NativeType, nullable: bool, key: Option<&'static str>) -> String {
    let key = key.into_iter();
    let ty = match nullable {
        true => format!("Option<{}>", native.field),
        false => native.field.to_owned(),
    };
    let mut words: Vec<&str> = key.chain(native.attribute).collect();
    let field = format!("pub {name}: {ty},");
    words.push(&field);
    words.join(" ")
}

/// The attribute of a primary key field in an entity.
pub(crate) const fn primary_key(is_generated: bool) -> &'static str {
    match is_generated {
        true => "#[sea_orm(primary_key)]",
        false => "#[sea_orm(primary_key, auto_increment = false)]",
    }
}

/// Makes the primary key of a Postgres table an identity column. A role that inserts needs its sequence, to reserve ids
/// for several rows.
fn generated(table: &domain::Table, required: &mut Table) {
    let keys = table.primary_key.columns;
    for column in &mut required.columns {
        if keys.contains(&column.name.as_str()) {
            column.generated = Some(Generated::Identity { is_always: false });
        }
    }
    if let Some(key) = keys.first()
        && table.privileges.contains(&Privilege::Insert)
    {
        required.sequence = Some(Sequence {
            name: ident::name(&sequence_name(table.name, key)),
            usable: true,
            next: None,
            largest: None,
        });
    }
}

/// The name that Postgres gives to the sequence of an identity column, unless another relation has it: the longer name is
/// shortened until both fit (`makeObjectName` in its `src/backend/commands/indexcmds.c`).
fn sequence_name(table: &str, column: &str) -> String {
    const LONGEST: usize = 63 - "__seq".len();
    let (mut of_table, mut of_column) = (table.len(), column.len());
    while of_table + of_column > LONGEST {
        match of_table > of_column {
            true => of_table -= 1,
            false => of_column -= 1,
        }
    }
    let table = &table[..table.floor_char_boundary(of_table)];
    let column = &column[..column.floor_char_boundary(of_column)];
    format!("{table}_{column}_seq")
}

/// A default as a literal of the engine.
fn literal(engine: Engine, value: DefaultValue) -> String {
    match (value, engine) {
        (DefaultValue::Text(text), _) => format!("'{}'", text.replace('\'', "''")),
        (DefaultValue::Integer(number), _) => number.to_string(),
        (DefaultValue::Bool(value), Engine::Sqlite) => i32::from(value).to_string(),
        (DefaultValue::Bool(value), Engine::Postgres) => value.to_string(),
        (DefaultValue::Numeric { units, .. }, Engine::Sqlite) => units.to_string(),
        (DefaultValue::Numeric { units, scale }, Engine::Postgres) => {
            rust_decimal::Decimal::new(units, scale.into()).to_string()
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
