//! Addresses, origins and launch addresses: normal forms are fixed points.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::scope::Scope;
use lingpai_core::uri::{Origin, ServiceUrl, launch_url, normalise};
use lingpai_fuzz::edited_text;

fuzz_target!(|data: &[u8]| {
    let text = edited_text("https://User.Example:8443/a/./b/../c%7e?q=1#at=x", data);
    if let Ok(normal) = normalise(&text) {
        assert_eq!(normalise(&normal), Ok(normal.clone()));
        assert!(!normal.contains(['?', '#']));
        assert_eq!(Origin::of(&text), Origin::of(&normal));
    }
    if let Ok(origin) = Origin::of(&text) {
        assert_eq!(Origin::parse(origin.as_str()), Ok(origin.clone()));
    }
    if let Ok(service) = ServiceUrl::parse(&text) {
        assert_eq!(service.as_str(), text);
        assert!(Origin::of(&service.join("/v1/visits")).is_ok());
    }
    if let Ok(url) = launch_url(&text, "a.b.c") {
        assert_eq!(url.split_once('#'), Some((&*text, "at=a.b.c")));
    }
    if let Ok(scope) = Scope::parse(&edited_text("orders:read profile", data)) {
        assert_eq!(Scope::parse(scope.as_str()), Ok(scope.clone()));
        assert!(scope.is_within(&scope));
    }
});
