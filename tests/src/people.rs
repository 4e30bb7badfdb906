//! Whose rows they are.

use std::sync::Arc;

use catamaran::testing::TwinDatabase;
use catamaran::{Repository, Scope, Stored};
use uuid::Uuid;

/// An owner.
pub const ANN: Uuid = Uuid::from_u128(0xa001);

/// Another owner.
pub const BOB: Uuid = Uuid::from_u128(0xb002);

/// Ann's rows in the test's own store.
pub fn anns<R: Stored>(db: &TwinDatabase) -> Arc<dyn Repository<R>> {
    db.store().repository(&Scope::owner(ANN))
}

/// Everybody's rows in the test's own store.
pub fn everybodys<R: Stored>(db: &TwinDatabase) -> Arc<dyn Repository<R>> {
    db.store()
        .repository(&Scope::system("the suite looks at everything"))
}
