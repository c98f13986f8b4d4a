//! What holds for every text: never a panic, nothing left to take, nothing else changed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use fupan_redact::{Counts, Rule, identifies, redact, redact_bytes, redact_field, suspected_ids, suspects};
use proptest::prelude::*;

fn redacted(text: &str) -> String {
    redact(text, &mut Counts::default()).into_owned()
}

/// Texts that are made of what the rules look for, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("13812345678".to_owned()),
        Just("+86 138-1234-5678".to_owned()),
        Just("１３８１２３４５６７８".to_owned()),
        Just("alice@example.com".to_owned()),
        Just("@".to_owned()),
        Just("％40＠".to_owned()),
        Just("4111 1111 1111 1111".to_owned()),
        Just("11010519491231002X".to_owned()),
        Just("password=".to_owned()),
        Just("Authorization: Bearer ".to_owned()),
        Just("Cookie: a=1; ".to_owned()),
        Just("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.".to_owned()),
        Just("-----BEGIN PRIVATE KEY-----".to_owned()),
        Just("postgres://u:p@".to_owned()),
        Just("密码：".to_owned()),
        Just("PASSWORD('x1".to_owned()),
        Just("password is to BY FOR ".to_owned()),
        Just("IDENTIFIED BY \"a".to_owned()),
        Just("token 'ab12cd34ef56'".to_owned()),
        Just("\"name\":\"pwd\",\"value\":\"".to_owned()),
        "://|https://hooks.slack.com/services/|curl -u admin:pw1 |root:x1@tcp\\(|验证码（|[A-Za-z0-9+/]{60,70}",
        Just("order_id=".to_owned()),
        Just("<token>".to_owned()),
        Just("\\\"".to_owned()),
        "[ \"'=:;,.&+-]{0,3}",
        "[0-9]{1,20}",
        "[a-z0-9@.:=%]{0,12}",
        "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_left_to_take(text in pieces()) {
        let once = redacted(&text);
        prop_assert_eq!(redacted(&once), once);
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        let once = redacted(&text);
        prop_assert_eq!(redacted(&once), once);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), is_cut in any::<bool>()) {
        redact_bytes(&bytes, is_cut, &mut Counts::default());
    }

    #[test]
    fn a_field_is_left_clean_too(name in "[a-zA-Z_.密码单号]{0,12}", text in pieces()) {
        let once = redact_field(&name, &text, &mut Counts::default()).into_owned();
        prop_assert_eq!(redact_field(&name, &once, &mut Counts::default()).into_owned(), once);
    }

    #[test]
    fn a_column_leaves_nothing_out(values in prop::collection::vec(pieces(), 0..12), name in "|phone|id_card|order_id|身份证") {
        let mut offsets = vec![0];
        offsets.extend(values.iter().scan(0, |end, value| { *end += i32::try_from(value.len()).unwrap(); Some(*end) }));
        let text = values.concat();
        let suspected = suspects(text.as_bytes(), &offsets);
        let ids = suspected_ids(text.as_bytes(), &offsets);
        for (row, value) in values.iter().enumerate() {
            let is_clean = redact_field(&name, value, &mut Counts::default()) == value.as_str();
            prop_assert!(is_clean || suspected.contains(&row), "{:?} of {:?}", value, values);
            prop_assert!(!identifies(value) || ids.contains(&row), "{:?} of {:?}", value, values);
        }
    }

    #[test]
    fn a_number_is_found_wherever_it_stands(before in "[一-龥 ,，(（]{0,8}", after in "[一-龥 ,，)）。]{0,8}", tail in "[0-9]{8}") {
        prop_assume!(!before.ends_with("号") && !before.ends_with('单'));
        let phone = format!("139{tail}");
        // Whole MiB are numbers of bytes.
        prop_assume!(!phone.parse::<u64>().is_ok_and(|number| number % (1 << 20) == 0));
        prop_assert_eq!(redacted(&format!("{before}{phone}{after}")), format!("{before}<phone>{after}"));
    }

    #[test]
    fn words_and_small_numbers_stay(text in "[a-z一-龥]{1,8}( ([a-z一-龥]{1,8}|[0-9]{1,9}|[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-f]{32})){0,12}") {
        let mut counts = Counts::default();
        let out = redact(&text, &mut counts);
        let numbers = Rule::Phone;
        // Rows of groups can read as a number in groups; nothing else may be taken.
        prop_assert!(counts.total() == counts.of(numbers), "{} -> {}", text, out);
    }
}

/// Numbers that a generator of ids could give, and how many of them the rules take for people's.
#[test]
fn what_is_taken_by_chance_is_measured() {
    let mut state = 1_u64;
    let mut random = move || {
        // SplitMix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    };
    let mut share = |what: &str, limit: f64, text_of: &dyn Fn(u64) -> String| {
        const TRIES: u32 = 100_000;
        let mut counts = Counts::default();
        for _ in 0..TRIES {
            redact(&text_of(random()), &mut counts);
        }
        let share = counts.total() as f64 / f64::from(TRIES);
        println!("{what}: {:.4} % ({:?})", share * 100.0, counts.found().collect::<Vec<_>>());
        assert!(share <= limit, "{what}: {share}");
    };
    share("trace ids, 32 hexadecimal digits", 0.0, &|n| {
        format!("trace {:016x}{:016x}", n, n.rotate_left(31))
    });
    share("span ids, 16 hexadecimal digits", 0.0001, &|n| format!("span {n:016x}"));
    share("UUIDs", 0.0, &|n| {
        let text = format!("{n:016x}{:016x}", n.wrapping_mul(0x2545_F491_4F6C_DD1D));
        let part = |from: usize, to: usize| text.get(from..to).unwrap();
        format!("id {}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    });
    share("instants in ms, 2020 to 2033", 0.0, &|n| {
        format!("at {}", 1_577_836_800_000 + n % 410_000_000_000)
    });
    share("instants in µs", 0.0, &|n| format!("at {}", 1_577_836_800_000_000 + n % 410_000_000_000_000));
    share("instants in ns", 0.0, &|n| {
        format!("at {}", 1_577_836_800_000_000_000 + n % 410_000_000_000_000_000)
    });
    share("snowflakes, 18 and 19 digits", 0.0001, &|n| format!("posted {}", (n % (1 << 61)) | (1 << 58)));
    share("dated numbers, 20261105…, 18 digits", 0.0001, &|n| {
        format!("paid 20261105{:010}", n % 10_000_000_000)
    });
    share("ids of 16 digits", 0.025, &|n| format!("seen {:016}", n % 10_000_000_000_000_000));
    share("ids of 16 digits, named", 0.0, &|n| format!("order_id={:016}", n % 10_000_000_000_000_000));
    share("ids of 11 digits", 0.09, &|n| format!("seen {}", 10_000_000_000 + n % 90_000_000_000));
    share("ids of 11 digits, named", 0.0, &|n| format!("order_id={}", 10_000_000_000 + n % 90_000_000_000));
    share("ids of 18 digits", 0.002, &|n| format!("seen {:018}", n % 1_000_000_000_000_000_000));
    share("IPv4 addresses with ports", 0.0, &|n| {
        let address = std::net::Ipv4Addr::from_bits(n as u32);
        format!("peer {address}:{}", (n >> 32) as u16)
    });
}
