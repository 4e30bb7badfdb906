//! Filters, orders and pages.

use fastrand::Rng;

use super::super::operation::{Asked, Filter, Id, Key, Method, Tamper, Who};
use super::super::shape::Shape;
use super::Generator;
use super::values::{chance, pick, short_text, value};
use crate::model::query::{Comparison, Nulls, TextMatch, Visibility};
use crate::model::value::{Type, Value};

const COMPARISONS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

const MATCHES: [TextMatch; 4] = [
    TextMatch::Contains,
    TextMatch::ContainsFolded,
    TextMatch::StartsWith,
    TextMatch::EndsWith,
];

impl Generator<'_> {
    pub(super) fn asked(&mut self, table: usize) -> Asked {
        let keys = self.rng.usize(..3);
        Asked {
            filter: self.filter(table),
            order: (0..keys).map(|_| self.key(table)).collect(),
            visibility: match self.rng.u32(..10) {
                0 => Visibility::Deleted,
                1 | 2 => Visibility::All,
                _ => Visibility::Live,
            },
        }
    }

    fn key(&mut self, table: usize) -> Key {
        Key {
            column: self.ordered(table),
            descending: self.rng.bool(),
            nulls: match self.rng.u32(..4) {
                0 => Some(Nulls::First),
                1 => Some(Nulls::Last),
                _ => None,
            },
        }
    }

    /// A column with an order.
    fn ordered(&mut self, table: usize) -> usize {
        loop {
            // The id has an order.
            let column = self.rng.usize(..self.shape(table).specs.len());
            if self.shape(table).specs[column].ty != Type::Json {
                return column;
            }
        }
    }

    pub(super) fn filter(&mut self, table: usize) -> Filter {
        match self.rng.u32(..100) {
            0..35 => Filter::All,
            35..37 => Filter::None,
            37..38 => self.chain(table),
            _ => self.tree(table, 3),
        }
    }

    fn tree(&mut self, table: usize, depth: u32) -> Filter {
        if depth == 0 {
            return self.leaf(table);
        }
        match self.rng.u32(..8) {
            0 => Filter::Not(Box::new(self.tree(table, depth - 1))),
            1 | 2 => Filter::And(
                Box::new(self.tree(table, depth - 1)),
                Box::new(self.tree(table, depth - 1)),
            ),
            3 => Filter::Or(
                Box::new(self.tree(table, depth - 1)),
                Box::new(self.tree(table, depth - 1)),
            ),
            _ => self.leaf(table),
        }
    }

    /// A chain at the limit of conditions.
    fn chain(&mut self, table: usize) -> Filter {
        let link = match self.leaf(table) {
            // Each negation counts, so a chain of them is shorter.
            link if chance(&mut self.rng, 20) => Filter::Not(Box::new(link)),
            link => link,
        };
        Filter::Chain {
            link: Box::new(link),
            links: pick(&mut self.rng, &[249, 250, 251, 499, 500, 501]).unwrap_or(500),
            or: self.rng.bool(),
        }
    }

    fn leaf(&mut self, table: usize) -> Filter {
        let columns = self.shape(table).specs.len();
        let column = self.rng.usize(..columns);
        let spec = self.shape(table).specs[column];
        match self.rng.u32(..10) {
            _ if spec.ty == Type::Json => Filter::IsNull(column),
            0 => Filter::IsNull(column),
            // The columns of an id are only a few of those of a row.
            _ if self.shape(table).managed.id.contains(&column) && self.rng.bool() => {
                let ids = (0..self.rng.usize(..4)).map(|_| self.id_for(Who::System, table));
                let ids: Vec<Id> = ids.collect();
                Filter::Ids(self.shape(table).managed.id, ids)
            }
            1 | 2 => {
                let values = (0..self.rng.usize(..4)).map(|_| self.operand(table, column));
                Filter::IsIn(column, values.collect())
            }
            3..7 if spec.ty == Type::Text => {
                let how = MATCHES[self.rng.usize(..MATCHES.len())];
                Filter::Text(column, how, self.needle(table, column))
            }
            _ => {
                let how = COMPARISONS[self.rng.usize(..COMPARISONS.len())];
                Filter::Compare(column, how, self.operand(table, column))
            }
        }
    }

    /// A value to compare with: often one that a row has.
    fn operand(&mut self, table: usize, column: usize) -> Value {
        let stored = self.any_row(table).map(|row| row[column].clone());
        if let Some(stored) = stored
            && !stored.is_null()
            && chance(&mut self.rng, 60)
        {
            return stored;
        }
        let shape = &self.model.shapes()[table];
        loop {
            let value = value(&mut self.rng, shape, column);
            if !value.is_null() {
                return value;
            }
        }
    }

    /// A text to look for: often a part of one that a row has.
    fn needle(&mut self, table: usize, column: usize) -> String {
        match self.operand(table, column) {
            Value::Text(text) if chance(&mut self.rng, 60) => part(&mut self.rng, &text),
            _ => short_text(&mut self.rng),
        }
    }

    /// A call that reads pages.
    pub(super) fn paged(&mut self, table: usize) -> Method {
        let size = match self.rng.u32(..30) {
            0 => 0,
            1 => 10_000,
            2 => 10_001,
            3 => u32::MAX,
            _ => self.rng.u32(1..6),
        };
        let query = self.asked(table);
        let backwards = self.rng.bool();
        if chance(&mut self.rng, 65) {
            return Method::Pages {
                query,
                size,
                backwards,
            };
        }
        let then = match chance(&mut self.rng, 60) {
            true => query.clone(),
            false => self.varied(table, &query),
        };
        Method::Follow {
            first: query,
            tamper: self.tamper(),
            then,
            size,
            backwards,
        }
    }

    /// A query that differs from another one in one part.
    fn varied(&mut self, table: usize, asked: &Asked) -> Asked {
        let mut varied = asked.clone();
        match self.rng.u32(..5) {
            0 => varied.filter = self.filter(table),
            1 => varied.order.push(self.key(table)),
            2 => {
                varied.order.pop();
            }
            3 => {
                varied.visibility = match asked.visibility {
                    Visibility::Live => Visibility::All,
                    _ => Visibility::Live,
                };
            }
            _ => {
                for key in &mut varied.order {
                    key.descending = !key.descending;
                }
            }
        }
        varied
    }

    fn tamper(&mut self) -> Tamper {
        match self.rng.u32(..8) {
            0..4 => Tamper::None,
            4 | 5 => Tamper::Byte(self.rng.u8(..)),
            6 => Tamper::Cut(self.rng.u8(..)),
            _ => Tamper::Text(match self.rng.u32(..5) {
                0 => String::new(),
                1 => "AQ".to_owned(),
                2 => "AQAAAAAAAAAAW10".to_owned(),
                3 => "not a cursor!".to_owned(),
                _ => short_text(&mut self.rng),
            }),
        }
    }

    pub(super) fn shape(&self, table: usize) -> &Shape {
        &self.model.shapes()[table]
    }
}

fn part(rng: &mut Rng, text: &str) -> String {
    let characters: Vec<char> = text.chars().take(20).collect();
    let from = rng.usize(..=characters.len());
    let to = rng.usize(from..=characters.len());
    let part = characters[from..to].iter();
    match rng.u32(..3) {
        0 => part.collect::<String>().to_uppercase(),
        _ => part.collect(),
    }
}
