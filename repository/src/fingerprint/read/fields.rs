use serde_json::Value;

use super::Unreadable;

/// A row of a catalog query: a fact about a table, whose fields are a JSON array, which both engines can write.
pub(crate) struct Row {
    pub(crate) kind: String,
    pub(crate) table: String,
    fields: Vec<Value>,
}

impl Row {
    pub(crate) fn new(kind: String, table: String, data: &str) -> Result<Self, Unreadable> {
        match serde_json::from_str(data) {
            Ok(Value::Array(fields)) => Ok(Row {
                kind,
                table,
                fields,
            }),
            _ => Err(Unreadable::Catalog(format!("{kind} of {table}: {data}"))),
        }
    }

    fn wrong(&self, index: usize) -> Unreadable {
        let Row {
            kind,
            table,
            fields,
        } = self;
        Unreadable::Catalog(format!("{kind} of {table}, field {index}: {fields:?}"))
    }

    pub(crate) fn text(&self, index: usize) -> Result<String, Unreadable> {
        self.optional_text(index)?.ok_or_else(|| self.wrong(index))
    }

    pub(crate) fn optional_text(&self, index: usize) -> Result<Option<String>, Unreadable> {
        match self.fields.get(index) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Null) => Ok(None),
            _ => Err(self.wrong(index)),
        }
    }

    pub(crate) fn number(&self, index: usize) -> Result<i64, Unreadable> {
        let number = self.fields.get(index).and_then(Value::as_i64);
        number.ok_or_else(|| self.wrong(index))
    }

    /// A boolean; SQLite writes 0 and 1.
    pub(crate) fn flag(&self, index: usize) -> Result<bool, Unreadable> {
        match self.fields.get(index) {
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::Number(number)) => Ok(number.as_i64() != Some(0)),
            _ => Err(self.wrong(index)),
        }
    }

    pub(crate) fn optional_flag(&self, index: usize) -> Result<Option<bool>, Unreadable> {
        match self.fields.get(index) {
            Some(Value::Null) => Ok(None),
            _ => self.flag(index).map(Some),
        }
    }

    /// A list of texts; empty for NULL.
    pub(crate) fn texts(&self, index: usize) -> Result<Vec<String>, Unreadable> {
        let items = match self.fields.get(index) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(Value::Null) => &[],
            _ => return Err(self.wrong(index)),
        };
        let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
        texts
            .collect::<Option<_>>()
            .ok_or_else(|| self.wrong(index))
    }
}
