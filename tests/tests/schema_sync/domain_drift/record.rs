//! A record changed, and nothing else.

use catamaran::{Type as Logical, Value};
use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;
use suite::schema_sync::Place::{self, PostgresEntities, SqliteEntities};
use suite::schema_sync::RecordShape;

use crate::case::{Expected, assert_all, expect};
use crate::reference;

type Wrong = fn(&mut RecordShape);

#[test]
fn a_drift_of_a_record_is_found() {
    let cases: [(&str, Wrong, Expected); 4] = [
        (
            "another type",
            |device| device.columns[2].ty = Logical::BigInt,
            expect(
                "devices.platform",
                Column,
                Type,
                "write `pub platform: i64`",
            ),
        ),
        (
            "a field is optional",
            |device| device.columns[2].nullable = true,
            expect(
                "devices.platform",
                Column,
                Nullability,
                "pub platform: Option<String>`",
            ),
        ),
        (
            "a field more",
            |device| {
                let mut column = device.columns[2].clone();
                column.name = "model".to_owned();
                device.columns.push(column);
            },
            expect(
                "devices.model",
                Column,
                Extra,
                "add \"model\" to the columns of devices",
            ),
        ),
        (
            "a default",
            |device| device.columns[2].default = Some(Value::Text("linux".to_owned())),
            expect(
                "devices.platform",
                Column,
                Default,
                "of Device::platform and the default in DOMAIN",
            ),
        ),
    ];
    let mut outcomes = Vec::new();
    for (drift, change, expected) in cases {
        let mut sync = reference::sync();
        let device = sync
            .records
            .iter_mut()
            .find(|record| record.table == "devices");
        change(device.expect("the record of devices"));
        let findings = sync.check_code();
        let places: &[Place] = match expected.aspect {
            Extra | Default => &[Place::Domain],
            _ => &[SqliteEntities, PostgresEntities],
        };
        for place in places {
            outcomes.push((drift.to_owned(), expected.among(*place, &findings)));
        }
    }
    assert_all(outcomes);
}
