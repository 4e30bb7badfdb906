use catamaran::record::Json;
use catamaran::{Column, Record};

fn filters<R: Record>(tags: Column<R, Option<Json<Vec<String>>>>) {
    let _null = tags.is_null();
    let _equal = tags.eq(Json(Vec::new()));
    let _order = tags.asc();
    let _less = tags.lt(Json(Vec::new()));
    let _text = tags.contains("a");
}

fn main() {}
