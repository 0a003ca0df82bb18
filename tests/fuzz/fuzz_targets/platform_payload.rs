//! Payloads of platforms: whatever comes, it opens only as the example does, and every fault of its content is one refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::platform_payload::encrypted::{Expectation, open};
use lingpai_core::time::UnixSeconds;
use lingpai_core::token_exchange::platform::Platform;
use lingpai_core::token_exchange::session::SessionKey;
use lingpai_core::{ErrorCode, base64};
use lingpai_fuzz::edited;

/// Platform, session key, iv, data: the published examples of WeChat and Baidu.
const EXAMPLES: [(Platform, &str, &str, &str, &str); 2] = [
    (
        Platform::Wechat,
        "wx4f4bc4dec97d474b",
        "tiihtNczf5v6AKRyjwEUhQ==",
        "r7BXXKkLb8qrSNn05n0qiA==",
        "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew==",
    ),
    (
        Platform::Baidu,
        "y2dTfnWfkx2OXttMEMWlGHoB1KzMogm7",
        "1df09d0a1677dd72b8325aec59576e0c",
        "1df09d0a1677dd72b8325Q==",
        "OpCoJgs7RrVgaMNDixIvaCIyV2SFDBNLivgkVqtzq2GC10egsn+PKmQ/+5q+chT8xzldLUog2haTItyIkKyvzvmXonBQLIMeq54axAu9c3KG8IhpFD6+ymHocmx07ZKi7eED3t0KyIxJgRNSDkFk5RV1ZP2mSWa7ZgCXXcAbP0RsiUcvhcJfrSwlpsm0E1YJzKpYy429xrEEGvK+gfL+Cw==",
    ),
];

fuzz_target!(|data: &[u8]| {
    let (which, data) = data.split_first().unwrap_or((&0, &[]));
    let (platform, app_id, key, iv, example) = EXAMPLES[usize::from(*which) % 2];
    let expected =
        Expectation { app_id, user: None, now: UnixSeconds::new(1_477_314_187), max_age: 300 };
    let genuine = base64::decode(example).expect("published");
    let altered = edited(&genuine, data);
    let key = SessionKey::new(key.to_owned().into());
    match open(platform, &key, &base64::encode(&altered), iv, expected) {
        // Baidu's first block is random, and its second one is garbled by another first one.
        Ok(_) => assert_eq!(altered.get(16..), genuine.get(16..)),
        Err(error) => {
            assert!(matches!(error.code(), ErrorCode::Malformed | ErrorCode::DecryptionFailed))
        }
    }
});
