//! An order as data.

use std::cmp::Ordering;

use catamaran::Order;
use suite::specimen::Specimen;

/// A column to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Id,
    Label,
    Note,
    Small,
    Whole,
    Ratio,
    Reading,
    Flag,
    Day,
    At,
    Link,
    Blob,
}

/// The position of NULL.
#[derive(Clone, Copy, Debug)]
pub enum Nulls {
    Unsaid,
    First,
    Last,
}

/// One key of an order.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub by: By,
    pub descending: bool,
    pub nulls: Nulls,
}

impl Key {
    /// As the library's.
    pub fn order(&self) -> Order<Specimen> {
        macro_rules! of {
            ($column:ident) => {
                if self.descending {
                    Specimen::$column.desc()
                } else {
                    Specimen::$column.asc()
                }
            };
        }
        let order = match self.by {
            By::Id => of!(ID),
            By::Label => of!(LABEL),
            By::Note => of!(NOTE),
            By::Small => of!(SMALL),
            By::Whole => of!(WHOLE),
            By::Ratio => of!(RATIO),
            By::Reading => of!(READING),
            By::Flag => of!(FLAG),
            By::Day => of!(DAY),
            By::At => of!(AT),
            By::Link => of!(LINK),
            By::Blob => of!(BLOB),
        };
        match self.nulls {
            Nulls::Unsaid => order,
            Nulls::First => order.nulls_first(),
            Nulls::Last => order.nulls_last(),
        }
    }

    fn nullable<T: PartialOrd>(&self, a: Option<&T>, b: Option<&T>) -> Ordering {
        // By default NULL is the greatest value: last if ascending, first if descending.
        let first = match self.nulls {
            Nulls::Unsaid => self.descending,
            Nulls::First => true,
            Nulls::Last => false,
        };
        match (a, b) {
            (Some(a), Some(b)) => {
                // All stored floats are finite, so they compare.
                let ordering = a.partial_cmp(b).unwrap_or(Ordering::Equal);
                if self.descending {
                    ordering.reverse()
                } else {
                    ordering
                }
            }
            (None, None) => Ordering::Equal,
            (None, Some(_)) if first => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) if first => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        }
    }

    fn compare(&self, a: &Specimen, b: &Specimen) -> Ordering {
        match self.by {
            By::Id => self.nullable(Some(&a.id), Some(&b.id)),
            By::Label => self.nullable(Some(&a.label), Some(&b.label)),
            By::Note => self.nullable(a.note.as_ref(), b.note.as_ref()),
            By::Small => self.nullable(Some(&a.small), Some(&b.small)),
            By::Whole => self.nullable(a.whole.as_ref(), b.whole.as_ref()),
            By::Ratio => self.nullable(Some(&a.ratio), Some(&b.ratio)),
            By::Reading => self.nullable(a.reading.as_ref(), b.reading.as_ref()),
            By::Flag => self.nullable(a.flag.as_ref(), b.flag.as_ref()),
            By::Day => self.nullable(a.day.as_ref(), b.day.as_ref()),
            By::At => self.nullable(a.at.as_ref(), b.at.as_ref()),
            By::Link => self.nullable(a.link.as_ref(), b.link.as_ref()),
            By::Blob => self.nullable(Some(&a.blob), Some(&b.blob)),
        }
    }
}

/// The keys that matter: the first of each column, up to the id.
fn heard(order: &[Key]) -> Vec<Key> {
    let mut heard: Vec<Key> = Vec::new();
    for key in order {
        if heard.iter().all(|earlier| earlier.by != key.by) {
            heard.push(*key);
        }
        if key.by == By::Id {
            break;
        }
    }
    heard
}

/// Compares two rows. Ties are ordered by id, in the direction of the last key.
pub fn compare(order: &[Key], a: &Specimen, b: &Specimen) -> Ordering {
    let heard = heard(order);
    let by_id = match heard.last() {
        Some(last) if last.descending => b.id.cmp(&a.id),
        _ => a.id.cmp(&b.id),
    };
    let mut said = heard.iter().map(|key| key.compare(a, b));
    said.find(|ordering| ordering.is_ne()).unwrap_or(by_id)
}
