/// Declares the struct `Migration`, a [`TwinMigration`](crate::migrate::TwinMigration), in the module of one
/// migration.
///
/// The module has two modules of its own, `sqlite` and `postgres`, each with `fn up() -> Script` and
/// `fn down() -> Script`. A missing function does not compile.
///
/// The migration has the name of the module. Databases record that name: do not rename the module of a migration
/// that was released.
///
/// ```
/// mod m20260101_000001_create_note {
///     mod sqlite {
///         use catamaran::migrate::Script;
///
///         pub fn up() -> Script {
///             Script::new().sql("CREATE TABLE note (body TEXT NOT NULL) STRICT")
///         }
///
///         pub fn down() -> Script {
///             Script::new().sql("DROP TABLE note")
///         }
///     }
///     mod postgres {
///         use catamaran::migrate::Script;
///
///         pub fn up() -> Script {
///             Script::new().sql("CREATE TABLE note (body text COLLATE \"C\" NOT NULL)")
///         }
///
///         pub fn down() -> Script {
///             Script::new().sql("DROP TABLE note")
///         }
///     }
///
///     catamaran::migrate::twin_migration!();
/// }
///
/// use catamaran::migrate::TwinMigration;
///
/// let migration = m20260101_000001_create_note::Migration;
/// assert_eq!(migration.name(), "m20260101_000001_create_note");
/// let down = migration.postgres_down();
/// assert!(down.statements(catamaran::Engine::Postgres).eq(["DROP TABLE note"]));
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __twin_migration {
    () => {
        /// The migration of this module.
        #[derive(Clone, Copy, Debug)]
        pub struct Migration;

        impl $crate::migrate::TwinMigration for Migration {
            fn name(&self) -> &'static str {
                $crate::migrate::module_name(::core::module_path!())
            }

            fn sqlite_up(&self) -> $crate::migrate::Script {
                sqlite::up()
            }

            fn sqlite_down(&self) -> $crate::migrate::Script {
                sqlite::down()
            }

            fn postgres_up(&self) -> $crate::migrate::Script {
                postgres::up()
            }

            fn postgres_down(&self) -> $crate::migrate::Script {
                postgres::down()
            }
        }
    };
}

/// The last part of a module's path.
#[doc(hidden)]
pub fn module_name(path: &'static str) -> &'static str {
    path.rsplit_once("::").map_or(path, |(_, name)| name)
}
