//! A text under construction.

use std::marker::PhantomData;

use super::Spelling;

/// The text of a statement under construction, and how many parameters it has so far.
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

    /// A quoted identifier.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.text.push_str(&quoted::<D>(name));
        self
    }

    /// The next parameter.
    pub(crate) fn parameter(&mut self) -> &mut Self {
        self.parameters += 1;
        D::parameter(&mut self.text, self.parameters);
        self
    }

    /// The next parameter, an array: the column is one of its elements.
    pub(crate) fn is_element(&mut self, column: &str) -> &mut Self {
        self.parameters += 1;
        D::is_element(&mut self.text, &quoted::<D>(column), self.parameters);
        self
    }

    /// The next parameters, as a source of rows.
    pub(crate) fn rows(&mut self, types: &[crate::model::value::Type], rows: usize) -> &mut Self {
        D::rows(&mut self.text, types, rows, self.parameters);
        self
    }

    /// Quoted identifiers with commas between them.
    pub(crate) fn names<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> &mut Self {
        self.separated(", ", names, |sql, name| {
            sql.name(name);
        })
    }

    /// Items with a separator between them.
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
