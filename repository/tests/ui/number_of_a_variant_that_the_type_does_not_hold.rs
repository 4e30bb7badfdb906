use catamaran::RecordEnum;

#[derive(Clone, Debug, PartialEq, RecordEnum)]
#[record_enum(repr = i16)]
enum Large {
    One = 40_000,
}

fn main() {}
