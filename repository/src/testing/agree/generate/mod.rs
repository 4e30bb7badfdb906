//! Generates the steps of a run, from a seed and the rows that the model knows.

mod calls;
mod query;
mod units;
mod values;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use uuid::Uuid;

use super::model::Model;
use super::operation::{Action, Id, OWNER_COUNT, Row, Step, Turn, Who};
use super::source::ordinary_time;
use crate::model::value::Value;
use values::{chance, pick, small_id};

/// What the configuration of a run allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Whether a call on the store can run while a unit is open.
    pub(super) outside: bool,
    /// Whether a record of the run has an owner. Otherwise the application role may have no privileges.
    pub(super) owners: bool,
    /// Whether the domain has the table of idempotency keys.
    pub(super) keys: bool,
}

/// Generates one step.
pub(super) struct Generator<'m> {
    rng: Rng,
    model: &'m Model,
    limits: Limits,
}

/// The step with this number of a seed's run.
pub(super) fn step(rng: Rng, model: &Model, limits: Limits, number: u32) -> Step {
    let mut generator = Generator { rng, model, limits };
    Step {
        turn: Turn {
            number,
            now: generator.now(number),
        },
        action: generator.action(),
    }
}

impl Generator<'_> {
    /// A second later than the step before; sometimes a time that a clock should not have.
    fn now(&mut self, number: u32) -> DateTime<Utc> {
        let at = ordinary_time(number) + TimeDelta::nanoseconds(123_456_789);
        match self.rng.u32(..200) {
            0 => values::instant(&mut self.rng),
            1 => {
                // 2016 had a leap second, which chrono writes as a second and more of nanoseconds.
                DateTime::from_timestamp(1_483_228_799, 1_500_000_000).unwrap_or(at)
            }
            2 => DateTime::<Utc>::MAX_UTC,
            3 => DateTime::<Utc>::MIN_UTC,
            _ => at,
        }
    }

    fn action(&mut self) -> Action {
        match self.rng.u32(..100) {
            0..75 => {
                let who = self.who();
                let table = self.table();
                Action::Call {
                    who,
                    call: self.call(who, table, false),
                }
            }
            75..78 if self.limits.keys => Action::WasDone {
                who: self.who(),
                key: self.key_of_a_unit(),
            },
            78 if self.limits.keys => Action::ForgetKeys {
                who: Who::System,
                before: DateTime::from_timestamp(4_000_000_000, 0).unwrap_or_default(),
            },
            _ => Action::Unit(self.unit()),
        }
    }

    fn who(&mut self) -> Who {
        if !self.limits.owners {
            return Who::System;
        }
        match self.rng.u32(..10) {
            0..6 => Who::Owner(0),
            6 | 7 => Who::Owner(self.rng.usize(1..OWNER_COUNT)),
            _ => Who::System,
        }
    }

    fn table(&mut self) -> usize {
        self.rng.usize(..self.model.shapes().len())
    }

    fn key_of_a_unit(&mut self) -> Uuid {
        let known: Vec<Uuid> = self.model.keys().collect();
        match pick(&mut self.rng, &known) {
            Some(key) if chance(&mut self.rng, 50) => key,
            _ => small_id(&mut self.rng),
        }
    }

    /// A row of a table, of any owner, deleted or not.
    fn any_row(&mut self, table: usize) -> Option<Row> {
        let rows = self.model.len(table);
        let at = self.rng.usize(..rows.max(1));
        self.model.rows(table).nth(at).cloned()
    }

    /// A row that the scope may be about: mostly a live one of its own.
    fn row_for(&mut self, who: Who, table: usize) -> Option<Row> {
        for _ in 0..4 {
            let row = self.any_row(table)?;
            let own = self.model.in_scope(table, who, &row);
            if (own && !self.model.is_deleted(table, &row)) || chance(&mut self.rng, 10) {
                return Some(row);
            }
        }
        self.any_row(table)
    }

    /// An id that the scope may be about.
    fn id_for(&mut self, who: Who, table: usize) -> Id {
        match self.row_for(who, table) {
            Some(row) if chance(&mut self.rng, 85) => self.id_near(table, &row),
            _ => self.new_id(table),
        }
    }

    /// The id of a row; sometimes one that differs from it in one column of several.
    fn id_near(&mut self, table: usize, row: &Row) -> Id {
        let mut id = self.shape(table).id_of(row);
        if id.len() > 1 && chance(&mut self.rng, 15) {
            let part = self.rng.usize(..id.len());
            id[part] = self.value(table, self.shape(table).managed.id[part]);
        }
        id
    }

    /// An id that a row may have.
    fn new_id(&mut self, table: usize) -> Id {
        let columns = self.shape(table).managed.id;
        let values = columns.iter().map(|column| self.value(table, *column));
        values.collect()
    }

    fn value(&mut self, table: usize, column: usize) -> Value {
        values::value(&mut self.rng, &self.model.shapes()[table], column)
    }
}
