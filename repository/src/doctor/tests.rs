use super::{Code, Doctor};
use crate::model::domain::{
    Domain, PrimaryKey as Key, Table, TableSource, TableTypes, TypedColumn,
};

#[test]
fn a_field_of_another_native_type_is_told_of_a_table_without_a_record() {
    mod counter {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "counters")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false, column_type = "BigInteger")]
            pub id: i32,
            pub count: i64,
        }

        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }

    static DOMAIN: Domain = Domain {
        tables: &[Table {
            name: "counters",
            columns: &["id", "count"],
            primary_key: Key {
                name: "pk_counters",
                columns: &["id"],
            },
            ..Table::BLANK
        }],
        sources: &[
            TableSource::types(&TableTypes {
                table: "counters",
                columns: &[
                    TypedColumn::new("id", "bigint"),
                    TypedColumn::new("count", "bigint"),
                ],
            }),
            TableSource::sqlite::<counter::Entity>(),
            TableSource::postgres::<counter::Entity>(),
        ],
        ..Domain::BLANK
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let report = runtime
        .expect("a runtime")
        .block_on(Doctor::new(&DOMAIN).check());
    let told: Vec<_> = report
        .findings
        .iter()
        .map(|finding| (finding.code, finding.subject()))
        .collect();
    let id = (Code::ColumnType, "counters.id".to_owned());
    assert_eq!(told, [id.clone(), id], "{report}");
}
