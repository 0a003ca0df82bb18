//! Records of values: one opens as the value that it was sealed for, or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::vault::at_rest::Slot;
use lingpai_fuzz::edited_text;
use lingpai_fuzz::vault::{TENANT, data_keys};
use lingpai_tests::NOW;

fuzz_target!(|data: &[u8]| {
    let keys = data_keys();
    let slot = Slot { tenant: TENANT, field: "phone", value: "id-1" };
    let record = keys.seal(slot, "+8613800138000", [6; 12], NOW).expect("sealed");
    let edited = edited_text(&record, data);
    let opened = keys.open(slot, &edited, NOW);
    assert_eq!(opened.is_ok(), edited == record, "{edited:?}");
    let elsewhere = Slot { field: "card", ..slot };
    assert!(keys.open(elsewhere, &edited, NOW).is_err());
    assert!(keys.reseal(slot, &record, [8; 12], NOW).is_ok_and(|it| it.is_none()));
});
