//! The builder of SQL texts.

use std::marker::PhantomData;

use super::Spelling;

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

    /// Appends a source of rows, whose values are the next parameters.
    pub(crate) fn rows(&mut self, types: &[crate::model::value::Type], rows: usize) -> &mut Self {
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
