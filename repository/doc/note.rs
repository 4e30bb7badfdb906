pub mod domain {
    use catamaran::domain::{Domain, Table};
    use catamaran::table;

    use super::Note;

    pub const NOTES: Table = table!(
        Note,
        Table {
            name: "notes",
            ..Table::BLANK
        }
    );

    pub const DOMAIN: Domain = Domain {
        tables: &[NOTES],
        ..Domain::BLANK
    };
}

pub mod sqlite {
    pub mod note {
        use catamaran::sqlite::TextId;
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "notes")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: TextId,
            pub title: String,
            pub stars: i32,
        }

        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }
}

pub mod postgres {
    pub mod note {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "notes")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub title: String,
            pub stars: i32,
        }

        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }
}

#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::domain::NOTES, sqlite = self::sqlite::note, postgres = self::postgres::note)]
pub struct Note {
    #[record(id)]
    pub id: uuid::Uuid,
    pub title: String,
    #[record(default = 0)]
    pub stars: i32,
}

#[cfg(feature = "migrate")]
pub mod migration {
    use catamaran::migrate::{Script, TwinMigration};

    pub struct History;

    impl catamaran::migrate::History for History {
        fn migrations() -> Vec<Box<dyn TwinMigration>> {
            vec![Box::new(CreateNotes)]
        }
    }

    struct CreateNotes;

    impl TwinMigration for CreateNotes {
        fn name(&self) -> &'static str {
            "m20260101_000001_create_notes"
        }

        fn sqlite_up(&self) -> Script {
            Script::new().sql(
                "CREATE TABLE notes (id TEXT NOT NULL CONSTRAINT pk_notes PRIMARY KEY, \
                 title TEXT NOT NULL, stars INTEGER NOT NULL) STRICT",
            )
        }

        fn sqlite_down(&self) -> Script {
            Script::new().sql("DROP TABLE notes")
        }

        fn postgres_up(&self) -> Script {
            Script::new().sql(
                "CREATE TABLE notes (id uuid CONSTRAINT pk_notes PRIMARY KEY, \
                 title text COLLATE \"C\" NOT NULL, stars int4 NOT NULL)",
            )
        }

        fn postgres_down(&self) -> Script {
            Script::new().sql("DROP TABLE notes")
        }
    }
}
