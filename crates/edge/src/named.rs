//! Complaints about options, which have to say which one it is.

use lingpai_core::Error;

/// The same with the option in place of the detail.
pub(crate) fn named<T>(option: &'static str, read: Result<T, Error>) -> Result<T, Error> {
    read.map_err(|error| Error::with_detail(error.code(), option))
}
