use catamaran::record::Field;
use uuid::Uuid;

/// The id of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Field)]
pub struct ParcelId(pub Uuid);
