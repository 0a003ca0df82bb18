//! SHA-1 (FIPS 180-4). For signatures that platforms of mini-programs make with it, and for nothing else: it is not
//! collision-resistant.

use sha1::{Digest as _, Sha1};

/// SHA-1 of the concatenation of `parts`.
pub fn sha1_of(parts: &[&[u8]]) -> [u8; 20] {
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
