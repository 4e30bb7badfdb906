//! The builder of SQL texts.

use std::marker::PhantomData;

use super::Spelling;
use crate::model::value::Type;

/// The text of a statement under construction, and its number of parameters so far.
pub(crate) struct Sql<D> {
    text: String,
    parameters: usize,
    _dialect: PhantomData<fn() -> D>,
}

impl<D: Spelling> Sql<D> {
    pub(crate) fn new(start: &str) -> Self {
        let mut text = String::with_capacity(512);
        text.push_str(start);
        Sql {
            text,
            parameters: 0,
            _dialect: PhantomData,
        }
    }

    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.text.push_str(sql);
        self
    }

    /// Appends a quoted identifier.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.text.push_str(&quoted::<D>(name));
        self
    }

    /// Appends the next parameter.
    pub(crate) fn parameter(&mut self) -> &mut Self {
        self.parameters += 1;
        D::parameter(&mut self.text, self.parameters);
        self
    }

    /// Appends the next parameter, a value of a cursor.
    pub(crate) fn cursor_parameter(&mut self) -> &mut Self {
        self.parameters += 1;
        D::cursor_parameter(&mut self.text, self.parameters);
        self
    }

    /// Appends the condition that the column equals an element of the next parameter, an array.
    pub(crate) fn is_element(&mut self, column: &str) -> &mut Self {
        self.parameters += 1;
        D::is_element(&mut self.text, &quoted::<D>(column), self.parameters);
        self
    }

    /// Appends the condition that the columns equal those of a row in the next parameters; see
    /// [`list`](super::list).
    pub(crate) fn is_row_of(&mut self, names: &[&str], types: &[Type]) -> &mut Self {
        if let [name] = names {
            return self.is_element(name);
        }
        self.push("(").names(names.iter().copied()).push(") IN (");
        self.parameters += D::list(&mut self.text, types, self.parameters);
        self.push(")")
    }

    /// Appends the condition that each of the columns equals the next parameter.
    pub(crate) fn equals(&mut self, names: impl IntoIterator<Item = &'static str>) -> &mut Self {
        self.separated(" AND ", names, |sql, name| {
            sql.name(name).push(" = ").parameter();
        })
    }

    /// Appends one column of a table expression, or several as a row.
    pub(crate) fn row(&mut self, table: &str, names: &[&str]) -> &mut Self {
        let is_row = names.len() > 1;
        self.push(if is_row { "(" } else { "" });
        self.separated(", ", names, |sql, name| {
            sql.name(table).push(".").name(name);
        });
        self.push(if is_row { ")" } else { "" })
    }

    /// Appends the condition that the columns are a row of a subquery, which is evaluated once.
    pub(crate) fn in_subquery(
        &mut self,
        names: &[&str],
        write: impl FnOnce(&mut Self),
    ) -> &mut Self {
        let (before, after) = match names {
            [name] => {
                self.name(name);
                D::IN_SUBQUERY
            }
            several => {
                self.push("(").names(several.iter().copied()).push(")");
                D::ROW_IN_SUBQUERY
            }
        };
        self.push(before);
        write(self);
        self.push(after)
    }

    /// Appends a source of rows, whose values are the next parameters.
    pub(crate) fn rows(&mut self, types: &[Type], rows: usize) -> &mut Self {
        D::rows(&mut self.text, types, rows, self.parameters);
        self
    }

    /// Appends quoted identifiers, separated by commas.
    pub(crate) fn names<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> &mut Self {
        self.separated(", ", names, |sql, name| {
            sql.name(name);
        })
    }

    /// Appends items with a separator.
    pub(crate) fn separated<T>(
        &mut self,
        separator: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                self.push(separator);
            }
            write(self, item);
        }
        self
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// An identifier in the dialect's quotes.
pub(crate) fn quoted<D: Spelling>(name: &str) -> String {
    let quote = D::QUOTE;
    format!(
        "{quote}{}{quote}",
        name.replace(quote, &format!("{quote}{quote}"))
    )
}
