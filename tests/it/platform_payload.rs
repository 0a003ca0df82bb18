//! What platforms publish as examples of their encryption and signatures, and what becomes of each when it is altered: one code
//! for each kind of fault, one and the same for all that is wrong with a plaintext.

use lingpai_core::platform_payload::encrypted::{Expectation, open, open_alipay};
use lingpai_core::platform_payload::signature::{check_raw_data, user_state};
use lingpai_core::platform_payload::wechat_api::{self, Binding, SealedBody};
use lingpai_core::time::UnixSeconds;
use lingpai_core::token_exchange::platform::Platform;
use lingpai_core::token_exchange::session::SessionKey;
use lingpai_core::{ErrorCode, base64, json};
use proptest::prelude::*;

/// WeChat's example of `encryptedData`.
mod wechat {
    pub(super) const APP: &str = "wx4f4bc4dec97d474b";
    pub(super) const KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
    pub(super) const IV: &str = "r7BXXKkLb8qrSNn05n0qiA==";
    pub(super) const MADE: i64 = 1_477_314_187;
    pub(super) const DATA: &str = "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew==";
    pub(super) const TEXT: &str = r#"{"openId":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0","unionId":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA","watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec97d474b"}}"#;
}

/// Baidu's example: AES-192, a frame, and padding to 32 bytes.
mod baidu {
    pub(super) const APP: &str = "y2dTfnWfkx2OXttMEMWlGHoB1KzMogm7";
    pub(super) const KEY: &str = "1df09d0a1677dd72b8325aec59576e0c";
    pub(super) const IV: &str = "1df09d0a1677dd72b8325Q==";
    pub(super) const DATA: &str = "OpCoJgs7RrVgaMNDixIvaCIyV2SFDBNLivgkVqtzq2GC10egsn+PKmQ/+5q+chT8xzldLUog2haTItyIkKyvzvmXonBQLIMeq54axAu9c3KG8IhpFD6+ymHocmx07ZKi7eED3t0KyIxJgRNSDkFk5RV1ZP2mSWa7ZgCXXcAbP0RsiUcvhcJfrSwlpsm0E1YJzKpYy429xrEEGvK+gfL+Cw==";
    pub(super) const TEXT: &str =
        r#"{"openid":"open_id","nickname":"baidu_user","headimgurl":"url of image","sex":1}"#;
}

fn key(text: &str) -> SessionKey {
    SessionKey::new(text.to_owned().into())
}

fn expecting(app_id: &str, now: i64) -> Expectation<'_> {
    Expectation { app_id, user: None, now: UnixSeconds::new(now), max_age: 300 }
}

/// As WeChat's example says, but for what a case changes.
fn open_wechat(
    session_key: &str,
    data: &str,
    iv: &str,
    app: &str,
    at: i64,
) -> Result<String, ErrorCode> {
    open(Platform::Wechat, &key(session_key), data, iv, expecting(app, at))
        .map(|text| text.to_string())
        .map_err(|error| error.code())
}

fn open_baidu(data: &str, iv: &str, app: &str) -> Result<String, ErrorCode> {
    open(Platform::Baidu, &key(baidu::KEY), data, iv, expecting(app, 0))
        .map(|text| text.to_string())
        .map_err(|error| error.code())
}

#[test]
fn wechats_example_opens() {
    use wechat::{APP, DATA, IV, KEY, MADE, TEXT};
    assert_eq!(open_wechat(KEY, DATA, IV, APP, MADE).as_deref(), Ok(TEXT));
    for platform in [Platform::Qq, Platform::Douyin, Platform::Kuaishou] {
        let opened = open(platform, &key(KEY), DATA, IV, expecting(APP, MADE));
        assert_eq!(opened.expect("the same scheme").as_str(), TEXT);
    }
}

#[test]
fn another_apps_data_is_refused_by_its_watermark() {
    use wechat::{DATA, IV, KEY, MADE};
    let other = open_wechat(KEY, DATA, IV, "wx0000000000000000", MADE);
    assert_eq!(other, Err(ErrorCode::WatermarkMismatch));
}

#[test]
fn old_data_is_refused_and_so_is_that_of_the_future() {
    use wechat::{APP, DATA, IV, KEY, MADE};
    for (offset, verdict) in [
        (300, None),
        (301, Some(ErrorCode::PayloadExpired)),
        (-300, None),
        (-301, Some(ErrorCode::PayloadExpired)),
        (86_400 * 365, Some(ErrorCode::PayloadExpired)),
    ] {
        assert_eq!(open_wechat(KEY, DATA, IV, APP, MADE + offset).err(), verdict, "{offset}");
    }
}

#[test]
fn whoever_it_is_about_has_to_be_the_user_of_the_session() {
    use wechat::{APP, DATA, IV, KEY, MADE};
    let about = |platform, session_key: &str, data: &str, iv: &str, app, user| {
        let expected = Expectation { user: Some(user), ..expecting(app, MADE) };
        open(platform, &key(session_key), data, iv, expected).err().map(|error| error.code())
    };
    let wechat = |iv: &str, user| about(Platform::Wechat, KEY, DATA, iv, APP, user);
    assert_eq!(wechat(IV, "oGZUI0egBJY1zhBYw2KhdUfwVJJE"), None);
    assert_eq!(wechat(IV, "somebody-else"), Some(ErrorCode::SubjectMismatch));
    // The first letter of the id, turned into another one through the iv.
    let mut altered: [u8; 16] = base64::decode_array(IV).expect("an iv");
    altered[11] ^= b'o' ^ b'p';
    let altered = base64::encode(&altered);
    assert_eq!(
        open_wechat(KEY, DATA, &altered, APP, MADE).map(|text| text.contains("pGZUI0eg")),
        Ok(true)
    );
    assert_eq!(wechat(&altered, "oGZUI0egBJY1zhBYw2KhdUfwVJJE"), Some(ErrorCode::SubjectMismatch));
    let baidu = |user| about(Platform::Baidu, baidu::KEY, baidu::DATA, baidu::IV, baidu::APP, user);
    assert_eq!(baidu("open_id"), None);
    assert_eq!(baidu("somebody-else"), Some(ErrorCode::SubjectMismatch));
}

#[test]
fn every_fault_of_the_content_is_one_and_the_same_refusal() {
    use wechat::{APP, DATA, IV, KEY, MADE};
    let bytes = base64::decode(DATA).expect("base64");
    let refused = |data: &[u8]| open_wechat(KEY, &base64::encode(data), IV, APP, MADE);
    // The last byte decides about the padding, the first ones about the text, a missing block about both.
    for index in [0, 1, 16, bytes.len() - 17, bytes.len() - 16, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[index] ^= 1;
        assert_eq!(refused(&altered), Err(ErrorCode::DecryptionFailed), "{index}");
    }
    assert_eq!(refused(&bytes[..bytes.len() - 16]), Err(ErrorCode::DecryptionFailed));
    assert_eq!(refused(&bytes[..16]), Err(ErrorCode::DecryptionFailed));
    // Under the key of another login.
    let other = open_wechat("HyVFkGl5F5OQWJZZaNzBBg==", DATA, IV, APP, MADE);
    assert_eq!(other, Err(ErrorCode::DecryptionFailed));
    let iv = open_wechat(KEY, DATA, "AAAAAAAAAAAAAAAAAAAAAA==", APP, MADE);
    assert_eq!(iv, Err(ErrorCode::DecryptionFailed));
}

#[test]
fn every_final_byte_is_refused_alike_so_that_no_padding_can_be_guessed() {
    use wechat::{APP, DATA, IV, KEY, MADE};
    let bytes = base64::decode(DATA).expect("base64");
    let before_last = bytes.len() - 17;
    let mut opened = 0;
    for difference in 0..=255 {
        let mut altered = bytes.clone();
        altered[before_last] ^= difference;
        match open_wechat(KEY, &base64::encode(&altered), IV, APP, MADE) {
            Ok(_) => opened += 1,
            Err(code) => assert_eq!(code, ErrorCode::DecryptionFailed),
        }
    }
    assert_eq!(opened, 1, "none but the genuine one");
}

#[test]
fn padding_that_json_would_take_for_white_space_is_none_all_the_same() {
    use wechat::{APP, KEY, MADE};
    // Made with OpenSSL, without padding: an object, then line feeds up to the block's end, of which the number is wrong.
    let data = "X0vZA6Aq+fTLC5IWl4/uBQCbUDD1zijPg0T8XvkO3YA/vWvf4Ey7zKZMYXpNPmX4XkrlNQHJQT6/VcwYqLsZwhNxYCVRSGryACnBmJ4YN0g=";
    let opened = open_wechat(KEY, data, "AAAAAAAAAAAAAAAAAAAAAA==", APP, MADE);
    assert_eq!(opened, Err(ErrorCode::DecryptionFailed));
}

#[test]
fn a_shape_that_its_sender_can_see_is_malformed() {
    use wechat::{APP, DATA, IV, KEY, MADE};
    let with_spaces = DATA.replace('+', " ");
    let cases = [
        ("no base64", "%%%", IV),
        ("a plus that became a space", with_spaces.as_str(), IV),
        ("without padding", DATA.trim_end_matches('='), IV),
        ("no whole block", "AAAA", IV),
        ("nothing", "", IV),
        ("an iv of 15 bytes", DATA, "AAAAAAAAAAAAAAAAAAAA"),
        ("an iv of 17 bytes", DATA, "AAAAAAAAAAAAAAAAAAAAAAA="),
        ("an iv without padding", DATA, IV.trim_end_matches('=')),
    ];
    for (what, data, iv) in cases {
        assert_eq!(open_wechat(KEY, data, iv, APP, MADE), Err(ErrorCode::Malformed), "{what}");
    }
    let long = "A".repeat(64 * 1024 + 4);
    assert_eq!(open_wechat(KEY, &long, IV, APP, MADE), Err(ErrorCode::Malformed));
}

#[test]
fn a_session_key_that_is_none_is_told_from_data_that_is_none() {
    use wechat::{APP, DATA, IV, KEY, MADE};
    for none in [KEY.trim_end_matches('='), "", "AAAA", baidu::KEY] {
        assert_eq!(open_wechat(none, DATA, IV, APP, MADE), Err(ErrorCode::KeyUnusable), "{none}");
    }
}

#[test]
fn baidus_example_opens_although_its_padding_is_longer_than_a_block() {
    use baidu::{APP, DATA, IV, TEXT};
    assert_eq!(open_baidu(DATA, IV, APP).as_deref(), Ok(TEXT));
    assert_eq!(open_baidu(DATA, IV, "another-app-key"), Err(ErrorCode::DecryptionFailed));
    let bytes = base64::decode(DATA).expect("base64");
    assert_eq!(bytes.len(), 160);
    // In the length, in the content, in the app's key, in the padding.
    for index in [16, 20, 120, 159] {
        let mut altered = bytes.clone();
        altered[index] ^= 0x80;
        let opened = open_baidu(&base64::encode(&altered), IV, APP);
        assert_eq!(opened, Err(ErrorCode::DecryptionFailed), "{index}");
    }
    // The same data where a block of padding has 16 bytes at most: its 28 are no padding there.
    let standard = open(Platform::Wechat, &key(wechat::KEY), DATA, IV, expecting(APP, 0));
    assert_eq!(standard.err().map(|error| error.code()), Some(ErrorCode::DecryptionFailed));
}

#[test]
fn no_padding_of_baidus_can_be_guessed_behind_content_that_is_left_as_it_is() {
    use baidu::{APP, DATA, IV};
    let bytes = base64::decode(DATA).expect("base64");
    for app in [APP, "another-app-key"] {
        let opened = (1..=255).filter(|difference| {
            let mut altered = bytes.clone();
            altered[bytes.len() - 17] ^= difference;
            open_baidu(&base64::encode(&altered), IV, app) != Err(ErrorCode::DecryptionFailed)
        });
        assert_eq!(opened.count(), 0);
    }
}

#[test]
fn alipay_has_no_session_keys() {
    let opened =
        open(Platform::Alipay, &key(wechat::KEY), wechat::DATA, wechat::IV, expecting("a", 0));
    assert_eq!(opened.err().map(|error| error.code()), Some(ErrorCode::AccessDenied));
}

#[test]
fn what_alipay_encrypts_opens_under_the_apps_key_alone() {
    // Made with OpenSSL: `{"code":"10000","msg":"Success","mobile":"13800000000"}`, AES-128-CBC, iv of zeros.
    let aes_key = "AAECAwQFBgcICQoLDA0ODw==";
    let data =
        "igATcyTqqgv1AFpBiHJyVf94zn4d80DWhHrnUhty+8QLcUOlYjxvP9Xk+YXblbTSoe2bGplnUECoaQrDECEzOw==";
    let text = open_alipay(aes_key, data).expect("the app's key");
    let object = json::parse_object(text.as_bytes()).expect("JSON");
    assert_eq!(object.string("mobile"), Ok("13800000000"));
    let other = open_alipay(wechat::KEY, data).err().map(|error| error.code());
    assert_eq!(other, Some(ErrorCode::DecryptionFailed));
    let short = open_alipay("AAAA", data).err().map(|error| error.code());
    assert_eq!(short, Some(ErrorCode::KeyUnusable));
}

/// WeChat's example of a signature over `rawData`.
const RAW_DATA: &str = r#"{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}"#;
const RAW_DATA_KEY: &str = "HyVFkGl5F5OQWJZZaNzBBg==";
const RAW_DATA_SIGNATURE: &str = "75e81ceda165f4ffa64f4068af58c64b8f54b88c";

#[test]
fn wechats_signature_over_raw_data_holds_letter_by_letter() {
    let check = |raw: &str, signature: &str, session_key: &str| {
        check_raw_data(&key(session_key), raw, signature).map_err(|error| error.code())
    };
    assert_eq!(check(RAW_DATA, RAW_DATA_SIGNATURE, RAW_DATA_KEY), Ok(()));
    let written_anew = RAW_DATA.replace(",\"", ", \"");
    for (raw, signature, session_key) in [
        (written_anew.as_str(), RAW_DATA_SIGNATURE, RAW_DATA_KEY),
        (RAW_DATA, RAW_DATA_SIGNATURE, wechat::KEY),
        (RAW_DATA, &RAW_DATA_SIGNATURE.to_uppercase(), RAW_DATA_KEY),
        (RAW_DATA, "", RAW_DATA_KEY),
        (&RAW_DATA[1..], RAW_DATA_SIGNATURE, RAW_DATA_KEY),
    ] {
        assert_eq!(check(raw, signature, session_key), Err(ErrorCode::SignatureInvalid));
    }
}

#[test]
fn a_users_state_is_signed_by_the_text_of_the_key_and_not_by_what_it_stands_for() {
    let body = r#"{"foo":"bar"}"#;
    let wechat = "o0q0otL8aEzpcZL/FT9WsQ==";
    let cases = [
        (wechat, body, "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b"),
        (wechat, "", "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"),
        // Douyin's, of its current page.
        (
            "724edcafc423d167724edcbe",
            body,
            "44b5092fa1c9adba03803239934d4958b8a1840adf0cee8d5e95c1cf5d495e0e",
        ),
    ];
    for (text, body, signature) in cases {
        assert_eq!(user_state(&key(text), body), signature);
    }
}

const API_KEY: &str = "otUpngOjU+nVQaWJIC3D/yMLV17RKaP6t4Ot9tbnzLY=";

fn api_binding(timestamp: i64) -> Binding<'static> {
    Binding {
        url: "https://api.weixin.qq.com/wxa/getuserriskrank",
        app_id: "wxba6223c06417af7b",
        timestamp,
        key_number: "fa05fe1e5bcc79b81ad5ad4b58acf787",
    }
}

fn sealed(data: &str, iv: &str, auth_tag: &str) -> SealedBody {
    SealedBody { data: data.into(), iv: iv.into(), auth_tag: auth_tag.into() }
}

#[test]
fn wechats_examples_of_secure_calls_open_and_are_made_alike() {
    let request = sealed(
        "0IDVdrPtSPF/Oe2CTXCV2vVNPbVJdJlP2WaTMQnoYLh5iCrrSNfQFh25EnStDMf0hLlVNBCZQtf9NaV0m4aRA4AAYIO7oR/Ge+4yY4EmZp5EVPB42xjScgMx5X3D4VdLCfynXIUKUtZHZvk1zmLVE3RauzJgiM1BB1CPmwcENo3MTJ0z8Vfkf5tMv54kOXobDLlV5rfqKdAX7gM/rP82DgZdt9vvZX44ipdbHIjJvw83ZXAFtvftdVw2Qd8=",
        "fmW/zNxXlytUZBgj",
        "5qeM/2vZv+6KtScN94IpMg==",
    );
    let plain = r#"{"_n":"o89QaPVsRu1yppIZzvSZc4","_appid":"wxba6223c06417af7b","_timestamp":1635927954,"appid":"wxba6223c06417af7b","openid":"oEWzBfmdLqhFS2mTXCo2E4Y9gJAM","scene":0,"client_ip":"127.0.0.1"}"#;
    let opened = wechat_api::open(API_KEY, api_binding(1_635_927_954), &request);
    assert_eq!(opened.expect("the published request").as_str(), plain);
    let iv = base64::decode_array(&request.iv).expect("12 bytes");
    let made = wechat_api::seal(API_KEY, api_binding(1_635_927_954), iv, plain);
    assert_eq!(made.expect("a key"), request);

    let response = sealed(
        "HExs66Ik3el+iM4IpeQ7SMEN934FRLFYOd3EmeaIrpP4EPTHckoco6O+PaoRZRa3lqaPRZT7r52f7LUok6gLxc6cdR8C4vpIIfh4xfLC4L7FNy9GbuMK1hcoi8b7gkWJcwZMkuCFNEDmqn3T49oWzAQOrY4LZnnnykv6oUJotdAsnKvmoJkLK7hRh7M2B1d2UnTnRuoIyarXc5Iojwoghx4BOvnV",
        "r2WDQt56rEAmMuoR",
        "z2BFD8QctKXTuBlhICGOjQ==",
    );
    let opened = wechat_api::open(API_KEY, api_binding(1_635_927_956), &response);
    assert_eq!(
        opened.expect("the published response").as_str(),
        r#"{"_n":"ShYZpqdVgY+yQVAxNSWhYg","_appid":"wxba6223c06417af7b","_timestamp":1635927956,"errcode":0,"errmsg":"getuserriskrank succ","risk_rank":0,"unoin_id":2258658297}"#
    );
    // Of another second, for another app, with another tag.
    let failed = |binding, body: &SealedBody| {
        wechat_api::open(API_KEY, binding, body).err().map(|error| error.code())
    };
    let refused = Some(ErrorCode::DecryptionFailed);
    assert_eq!(failed(api_binding(1_635_927_955), &response), refused);
    let other = Binding { app_id: "wx0", ..api_binding(1_635_927_956) };
    assert_eq!(failed(other, &response), refused);
    let tag = SealedBody { auth_tag: request.auth_tag, ..response };
    assert_eq!(failed(api_binding(1_635_927_956), &tag), refused);
}

proptest! {
    #[test]
    fn no_data_and_no_key_make_it_panic_or_open(
        data in proptest::collection::vec(any::<u8>(), 0..200),
        iv in any::<[u8; 16]>(),
        session_key in any::<[u8; 24]>(),
    ) {
        let (data, iv) = (base64::encode(&data), base64::encode(&iv));
        for platform in Platform::ALL {
            let length = if *platform == Platform::Baidu { 24 } else { 16 };
            let key = key(&base64::encode(&session_key[..length]));
            prop_assert!(open(*platform, &key, &data, &iv, expecting("app", 0)).is_err());
        }
    }

    #[test]
    fn one_altered_byte_never_opens(index in 16_usize..464, difference in 1_u8..) {
        use wechat::{APP, DATA, IV, KEY, MADE};
        let mut bytes = base64::decode(DATA).expect("base64");
        let index = index.min(bytes.len() - 1);
        bytes[index] ^= difference;
        let opened = open_wechat(KEY, &base64::encode(&bytes), IV, APP, MADE);
        prop_assert_eq!(opened, Err(ErrorCode::DecryptionFailed));
    }
}
