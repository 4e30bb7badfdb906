//! Decisions between a rename, and a drop beside an addition. Two schemas alone do not tell them apart.

/// What was renamed and what was dropped, by the names from before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decisions {
    renamed: Vec<Renamed>,
    dropped: Vec<Named>,
}

/// A table, or a column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) table: String,
    pub(crate) column: Option<String>,
}

/// A rename.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Renamed {
    pub(crate) from: Named,
    /// The new name, of a column without its table.
    pub(crate) to: String,
    /// The table before the new name of a column, if one was given.
    pub(crate) into: Option<String>,
}

impl Named {
    /// Reads `table` or `table.column`.
    pub(crate) fn read(text: &str) -> Self {
        match text.split_once('.') {
            Some((table, column)) => Named {
                table: table.to_owned(),
                column: Some(column.to_owned()),
            },
            None => Named {
                table: text.to_owned(),
                column: None,
            },
        }
    }
}

impl Decisions {
    /// Adds a rename of a table, or of a column. The new name of a column may have its table before it.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let from = Named::read(from);
        let (into, to) = match (&from.column, to.rsplit_once('.')) {
            (Some(_), Some((table, column))) => (Some(table.to_owned()), column.to_owned()),
            _ => (None, to.to_owned()),
        };
        self.renamed.push(Renamed { from, to, into });
    }

    /// Adds a table or a column that is dropped, whatever is added beside it.
    pub(crate) fn drop(&mut self, what: &str) {
        self.dropped.push(Named::read(what));
    }

    pub(crate) fn renamed(&self) -> &[Renamed] {
        &self.renamed
    }

    pub(crate) fn dropped(&self) -> &[Named] {
        &self.dropped
    }

    /// Whether it was decided that a table has another name now.
    pub(crate) fn renames_table(&self, from: &str, to: &str) -> bool {
        let mut renamed = self.renamed.iter();
        renamed.any(|one| one.from.column.is_none() && one.from.table == from && one.to == to)
    }

    /// Whether it was decided that a column has another name now. `table` is the new name of the table.
    pub(crate) fn renames_column(&self, table: &str, from: &str, to: &str) -> bool {
        let mut renamed = self.renamed.iter();
        renamed.any(|one| {
            one.from.column.as_deref() == Some(from)
                && one.to == to
                && self.table_now(&one.from.table) == table
        })
    }

    pub(crate) fn drops_table(&self, table: &str) -> bool {
        let mut dropped = self.dropped.iter();
        dropped.any(|one| one.column.is_none() && one.table == table)
    }

    /// Whether a column is dropped. `table` is the new name of the table.
    pub(crate) fn drops_column(&self, table: &str, column: &str) -> bool {
        let mut dropped = self.dropped.iter();
        dropped
            .any(|one| one.column.as_deref() == Some(column) && self.table_now(&one.table) == table)
    }

    /// The new name of a table.
    pub(crate) fn table_now<'n>(&'n self, before: &'n str) -> &'n str {
        let mut renamed = self.renamed.iter();
        let renamed = renamed.find(|one| one.from.column.is_none() && one.from.table == before);
        renamed.map_or(before, |one| &one.to)
    }

    /// The same decisions for the way back.
    pub(crate) fn reversed(&self) -> Self {
        let renamed = self.renamed.iter().map(|one| match &one.from.column {
            None => Renamed {
                from: Named {
                    table: one.to.clone(),
                    column: None,
                },
                to: one.from.table.clone(),
                into: None,
            },
            Some(column) => Renamed {
                from: Named {
                    table: self.table_now(&one.from.table).to_owned(),
                    column: Some(one.to.clone()),
                },
                to: column.clone(),
                into: None,
            },
        });
        let dropped = self.dropped.iter().map(|one| Named {
            table: self.table_now(&one.table).to_owned(),
            column: one.column.clone(),
        });
        Decisions {
            renamed: renamed.collect(),
            dropped: dropped.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_of_a_renamed_column_in_a_renamed_table_has_both_names_exchanged() {
        let mut decisions = Decisions::default();
        decisions.rename("notes", "texts");
        decisions.rename("notes.body", "texts.content");
        decisions.drop("notes.color");
        assert!(decisions.renames_table("notes", "texts"));
        assert!(decisions.renames_column("texts", "body", "content"));
        assert!(decisions.drops_column("texts", "color"));

        let back = decisions.reversed();
        assert!(back.renames_table("texts", "notes"));
        assert!(back.renames_column("notes", "content", "body"));
        assert!(back.drops_column("notes", "color"));
        let again = back.reversed();
        let names = |of: &Decisions| -> Vec<(Named, String)> {
            let renamed = of.renamed().iter();
            renamed
                .map(|one| (one.from.clone(), one.to.clone()))
                .collect()
        };
        assert_eq!(names(&again), names(&decisions));
    }
}
