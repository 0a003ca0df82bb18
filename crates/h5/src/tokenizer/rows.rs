//! Rows on their way in, and transactions on their way out.

use lingpai_core::json::{ObjectWriter, Value};
use lingpai_core::tokenizer::{Batch, Row, Rows};
use wasm_bindgen::prelude::wasm_bindgen;

/// Rows that were read, and keys that were looked for in vain.
#[wasm_bindgen]
#[derive(Default)]
pub struct StoreRows(pub(super) Rows);

#[wasm_bindgen]
impl StoreRows {
    /// Nothing was read yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes what was read under a key; no value where there is no row.
    pub fn set(&mut self, key: &str, value: Option<String>, revision: f64) {
        let row = value.map(|value| Row { value, revision: revision as u64 });
        self.0.insert(key, row);
    }
}

/// Rows that were listed, in the order of their keys.
#[wasm_bindgen]
#[derive(Default)]
pub struct Listed(pub(super) Vec<(String, Row)>);

#[wasm_bindgen]
impl Listed {
    /// Nothing was listed yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next row.
    pub fn push(&mut self, key: String, value: String, revision: f64) {
        self.0.push((key, Row { value, revision: revision as u64 }));
    }
}

/// A transaction as the store takes it, as JSON.
pub(super) fn batch_json(batch: &Batch) -> String {
    let expect = batch.expect.iter().map(|(key, revision)| {
        let out = ObjectWriter::new().string("key", key);
        out.integer("revision", i64::try_from(*revision).unwrap_or(i64::MAX)).finish()
    });
    let put = batch.put.iter().map(|(key, value)| {
        let out = ObjectWriter::with_capacity(64 + key.len() + value.len());
        out.string("key", key).string("value", value).finish()
    });
    let delete = batch.delete.iter().map(|key| Value::String(key.clone()).to_json());
    ObjectWriter::new()
        .raw("expect", &array(expect))
        .raw("put", &array(put))
        .raw("delete", &array(delete))
        .string("durability", if batch.strict { "strict" } else { "relaxed" })
        .optional_string("least", batch.strict.then_some("strict"))
        .finish()
}

/// An array of what is JSON already.
pub(super) fn array(elements: impl Iterator<Item = String>) -> String {
    let mut out = String::from("[");
    for element in elements {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&element);
    }
    out.push(']');
    out
}
