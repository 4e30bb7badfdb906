//! The rules of a table by which no two rows are alike.

/// Columns whose values no two rows may share, of all rows or of those that match the predicate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UniqueRule {
    pub(crate) name: &'static str,
    /// Names of columns. Those of an index may end with ` DESC`.
    pub(crate) columns: &'static [&'static str],
    pub(crate) predicate: Option<&'static str>,
}

impl UniqueRule {
    /// Whether the predicate contains the column's name as a word.
    pub(crate) fn predicate_mentions(&self, column: &str) -> bool {
        let is_in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let words = self.predicate.unwrap_or_default().split(|c| !is_in_word(c));
        words
            .into_iter()
            .any(|word| word.eq_ignore_ascii_case(column))
    }
}

/// The column in an entry of [`Index::columns`](super::Index::columns), which may end with ` DESC`.
pub(crate) fn column_of(entry: &str) -> &str {
    entry.strip_suffix(" DESC").unwrap_or(entry)
}

pub(super) fn are_same(entries: &[&str], columns: &[&str]) -> bool {
    let entries = entries.iter().map(|entry| column_of(entry));
    entries.eq(columns.iter().map(|column| column_of(column)))
}
