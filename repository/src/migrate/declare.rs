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

/// Declares the struct `Migration`, a [`TwinMigration`](crate::migrate::TwinMigration) whose steps are Rust, in the
/// module of one migration.
///
/// The module has two files of its own, `up.rs` and `down.rs`, each with
/// `pub async fn step(batch: &mut Batch<'_>) -> Result<Next, Error>`; see the [module](crate::migrate::data::v1). The way back
/// of a migration that cannot be reverted returns an [`Error`](crate::migrate::data::v1::Error) that says so; one with
/// nothing to do returns [`Next::Done`](crate::migrate::data::v1::Next::Done).
///
/// The migration has the name of the module, and the checksum of the text of `up.rs`. Databases record both.
#[doc(hidden)]
#[macro_export]
macro_rules! __data_migration_v1 {
    () => {
        /// The migration of this module.
        #[derive(Clone, Copy, Debug)]
        pub struct Migration;

        impl Migration {
            fn up() -> $crate::migrate::Script {
                $crate::migrate::Script::data_v1(include_str!("up.rs"), |batch| {
                    ::std::boxed::Box::pin(up::step(batch))
                })
            }

            fn down() -> $crate::migrate::Script {
                $crate::migrate::Script::data_v1(include_str!("down.rs"), |batch| {
                    ::std::boxed::Box::pin(down::step(batch))
                })
            }
        }

        impl $crate::migrate::TwinMigration for Migration {
            fn name(&self) -> &'static str {
                $crate::migrate::module_name(::core::module_path!())
            }

            fn sqlite_up(&self) -> $crate::migrate::Script {
                Self::up()
            }

            fn sqlite_down(&self) -> $crate::migrate::Script {
                Self::down()
            }

            fn postgres_up(&self) -> $crate::migrate::Script {
                Self::up()
            }

            fn postgres_down(&self) -> $crate::migrate::Script {
                Self::down()
            }
        }
    };
}

/// The last part of a module's path.
#[doc(hidden)]
pub fn module_name(path: &'static str) -> &'static str {
    path.rsplit_once("::").map_or(path, |(_, name)| name)
}
