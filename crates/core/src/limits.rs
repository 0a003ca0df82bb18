//! Bounds on what is read from outside. Whatever is over one is refused with `limit_exceeded`.

/// Length of a compact JWS or JWE, in bytes of its text (PROTOCOL: 16 KiB).
pub const MAX_COMPACT_BYTES: usize = 16 * 1024;

/// Length of a Status List Token, in bytes of its text: a megabyte of statuses that do not compress, twice in base64url.
pub const MAX_STATUS_LIST_BYTES: usize = 2 * 1024 * 1024;

/// Length of any JSON text but the claims of a Status List Token, in bytes.
pub const MAX_JSON_BYTES: usize = 64 * 1024;

/// Nesting of JSON arrays and objects: `{}` has depth 1.
pub const MAX_JSON_DEPTH: usize = 8;

/// Members in one JSON object. Small, because looking for duplicate names compares each with each.
pub const MAX_MEMBERS: usize = 64;

/// Elements in one JSON array.
pub const MAX_ELEMENTS: usize = 256;

/// Length of a `kid`, in bytes of UTF-8.
pub const MAX_KID_BYTES: usize = 256;
