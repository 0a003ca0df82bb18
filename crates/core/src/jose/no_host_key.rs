//! In place of `host_key` where there is no such key.

use super::alg::SignatureAlgorithm;
use crate::error::Result;
use crate::json::{Object, ObjectWriter};

/// No key.
#[derive(Clone, Debug, PartialEq)]
pub enum HostKey {}

impl HostKey {
    pub(super) const fn is_known(_kty: &str, _crv: Option<&str>) -> bool {
        false
    }

    pub(super) const fn from_members(_kty: &str, _members: &Object) -> Result<Option<Self>> {
        Ok(None)
    }

    pub(super) const fn serves(&self, _algorithm: SignatureAlgorithm) -> bool {
        match *self {}
    }

    pub(super) const fn only_algorithm(&self) -> Option<SignatureAlgorithm> {
        match *self {}
    }

    pub(super) const fn signature_bytes(&self) -> usize {
        match *self {}
    }

    pub(super) fn write(&self, _out: ObjectWriter) -> ObjectWriter {
        match *self {}
    }
}
