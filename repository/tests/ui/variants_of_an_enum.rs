use catamaran::RecordEnum;

/// Has a field.
#[derive(Clone, Debug, PartialEq, RecordEnum)]
enum Shape {
    Round,
    Square(i32),
}

/// Says two of what is stored.
#[derive(Clone, Debug, PartialEq, RecordEnum)]
#[record_enum(repr = i32, text)]
enum Both {
    One = 1,
}

/// Has numbers, and does not say that they are stored.
#[derive(Clone, Debug, PartialEq, RecordEnum)]
enum Numbered {
    One = 1,
}

/// Has a number that another variant would change.
#[derive(Clone, Debug, PartialEq, RecordEnum)]
#[record_enum(repr = i16)]
enum Unnumbered {
    One = 1,
    Two,
}

/// Is stored as a type that no column has.
#[derive(Clone, Debug, PartialEq, RecordEnum)]
#[record_enum(repr = u8)]
enum Small {
    One = 1,
}

/// Has two variants with one text.
#[derive(Clone, Debug, PartialEq, RecordEnum)]
#[record_enum(rename_all = "lowercase")]
enum Same {
    One,
    #[record_enum(rename = "one")]
    Other,
}

/// Names no rule.
#[derive(Clone, Debug, PartialEq, RecordEnum)]
#[record_enum(rename_all = "Train-Case")]
enum Unruly {
    One,
}

fn main() {}
