use catamaran::record::Field;

/// Has no field that could be stored.
#[derive(Clone, Debug, PartialEq, Field)]
enum Shape {
    Round,
    Square,
}

/// Has two fields.
#[derive(Clone, Debug, PartialEq, Field)]
struct Range(i64, i64);

/// Names an attribute that does not exist.
#[derive(Clone, Debug, PartialEq, Field)]
#[field(from)]
struct Title(String);

/// Has no conversion.
#[derive(Clone, Debug, PartialEq, Field)]
#[field(try_from)]
struct Email(String);

/// May be NULL by itself.
#[derive(Clone, Debug, PartialEq, Field)]
struct Note(Option<String>);

const NOTE: catamaran::record::Type = <Note as Field>::TYPE;

fn main() {}
