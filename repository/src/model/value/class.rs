//! Which filters and orders the columns of a type have. Each is decided when the application is compiled.

/// A type whose columns can be compared for equality: `eq`, `ne` and `is_in`.
#[diagnostic::on_unimplemented(
    message = "a column of this type cannot be compared with a value",
    label = "this column has no equality that is the same on both engines"
)]
pub trait Comparable {}

/// A type whose columns have an order: `lt`, `le`, `gt`, `ge`, `asc` and `desc`.
#[diagnostic::on_unimplemented(
    message = "a column of this type has no order",
    label = "this column has no order that is the same on both engines"
)]
pub trait Ordered {}

/// A type with equality and an order.
#[derive(Clone, Copy, Debug)]
pub enum Scalar {}

impl Comparable for Scalar {}
impl Ordered for Scalar {}

/// A text: also `contains`, `starts_with`, `ends_with` and `contains_ignore_ascii_case`.
#[derive(Clone, Copy, Debug)]
pub enum Text {}

impl Comparable for Text {}
impl Ordered for Text {}

/// A JSON document, which has neither: `jsonb` compares values, and TEXT compares texts. A nullable one has `is_null`. To
/// filter or order by a part of a document, keep that part in a column of its own as well.
#[derive(Clone, Copy, Debug)]
pub enum Json {}
