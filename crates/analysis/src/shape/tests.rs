use proptest::prelude::*;

use super::*;

#[test]
fn values_are_masked_and_words_are_kept() {
    for (body, masked) in [
        ("获取连接超时 5003ms", "获取连接超时 <*>ms"),
        ("获取连接超时5003毫秒", "获取连接超时<*>毫秒"),
        ("pool exhausted: active=2000 idle=0 waiting=317", "pool exhausted: active=<*> idle=<*> waiting=<*>"),
        ("order-20261111-0042 created", "order-<*>-<*> created"),
        (
            "retry in 1.5s, drift -0.25, 1e-5 left, 12,345 rows",
            "retry in <*>s, drift <*>, <*> left, <*> rows",
        ),
        ("took 10m30s or 1m5s", "took <*> or <*>"),
        ("trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7", "trace <*> span <*>"),
        ("at 0x7ffe12ab", "at <*>"),
        ("pod checkout-7f9c6d5b8-x2k4z evicted", "pod checkout-<*>-<*> evicted"),
        ("id 550e8400-e29b-41d4-a716-446655440000.", "id <uuid>."),
        ("id abcdefab-e29b-41d4-a716-446655440000", "id <uuid>"),
        ("from 10.0.0.7:5123 to 10.0.0.9", "from <ip>:<*> to <ip>"),
        ("peer [2001:db8::1]:443 and fe80::1%eth0", "peer [<ip>]:<*> and <ip>%eth<*>"),
        ("at 2026-11-11T00:00:03.123456+08:00 ok", "at <time> ok"),
        ("2026-11-11 00:00:03,123 WARN x", "<time> WARN x"),
        ("2026/11/11 11:05:03 and 11:05:03.5Z", "<time> and <time>Z"),
        ("due 2026-11-11", "due <time>"),
        ("mail to wang.li+2@example.com.cn failed", "mail to <email> failed"),
        ("mail to bob@example.com.", "mail to <email>."),
        ("user 'alice' from \"web\"", "user '<str>' from \"<str>\""),
        ("can't read user's card", "can't read user's card"),
        ("failed: \"Too many connections to db03\"", "failed: \"Too many connections to db<*>\""),
        (r#"{"user":"u1","http":{"status":500}}"#, r#"{"user":"<str>","http":{"status":<*>}}"#),
        ("优惠券“新客立减20”已失效", "优惠券“<str>”已失效"),
        (
            "GET /api/v1/orders/123/items?page=2&q=tea%20x HTTP/1.1",
            "GET /api/v<*>/orders/<*>/items?page=<*>&q=<*> HTTP/<*>",
        ),
        ("really? yes", "really? yes"),
        ("  padded 1 \n", "padded <*>"),
        ("", ""),
    ] {
        assert_eq!(mask_body(body), masked, "{body}");
    }
}

#[test]
fn the_shape_is_pinned_so_that_stored_shapes_stay_comparable() {
    // XXH64 of the empty input with seed 0, from the algorithm's specification.
    assert_eq!(shape_id("").cast_unsigned(), 0xEF46_DB37_51D8_E999);
    // XXH64 of "abc", ditto.
    assert_eq!(shape_id("abc").cast_unsigned(), 0x44BC_2CF5_AD77_0999);
}

#[test]
fn only_the_head_of_a_long_body_decides() {
    let long = "超时 stack ".repeat(10_000);
    assert_eq!(shape_id(&long), shape_id(&format!("{long} 多一行")));
    assert!(mask_body(&long).len() <= SHAPE_BYTES_MAX);
}

/// Text that looks like logs: fragments that each rule cares about, glued in any order.
fn log_like() -> impl Strategy<Value = String> {
    let fragments = prop::sample::select(vec![
        "a",
        "Z",
        "0",
        "7",
        "42",
        "f",
        "dead",
        "-",
        "+",
        ".",
        ":",
        ",",
        " ",
        "/",
        "?",
        "=",
        "&",
        "@",
        "\"",
        "'",
        "\\",
        "“",
        "”",
        "「",
        "」",
        "超时",
        "x.io",
        "2026-11-11",
        "11:05:03",
        "Z",
        "::",
        "10.0.0.1",
        "<*>",
        "<str>",
        "_",
        "%",
        "550e8400-e29b-41d4-a716-446655440000",
        "%{",
        "\n",
        "\t",
        "é",
        "…",
        "0x1F",
        "e",
        "T",
    ]);
    prop::collection::vec(fragments, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_id_is_the_hash_of_the_masked_body(body in log_like()) {
        prop_assert_eq!(shape_id(&body), shape_id_of_masked(&mask_body(&body)));
    }

    #[test]
    fn any_text_can_be_masked(body in any::<String>()) {
        prop_assert_eq!(shape_id(&body), shape_id_of_masked(&mask_body(&body)));
    }

    #[test]
    fn no_digit_is_left(body in log_like()) {
        prop_assert!(!mask_body(&body).bytes().any(|byte| byte.is_ascii_digit()));
    }

    #[test]
    fn another_number_is_the_same_shape(a in 0u32.., b in 0u32..) {
        prop_assert_eq!(
            shape_id(&format!("支付超时 {a}ms order={b}")),
            shape_id(&format!("支付超时 {b}ms order={a}")),
        );
    }
}

/// `cargo test -p fupan-analysis --release -- --ignored --nocapture throughput`
#[test]
#[ignore = "a measurement, not a test"]
fn throughput_of_shape_id() {
    let lines = [
        "获取连接超时 5003ms, pool=order-db active=2000 idle=0 waiting=317",
        "GET /api/v1/orders/123456/items?page=2 HTTP/1.1 200 1532 0.032",
        "connection from 10.12.3.4:51234 to mysql-primary closed by peer after 30s idle",
        "用户 u_102938 下单成功 order_id=20261111000042 amount=25.50",
        "request 550e8400-e29b-41d4-a716-446655440000 finished with status 200",
    ];
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    let rounds = 400_000;
    let started = std::time::Instant::now();
    let mut sum = 0i64;
    for _ in 0..rounds {
        for line in &lines {
            sum = sum.wrapping_add(shape_id(std::hint::black_box(line)));
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{:.0} MB/s, {:.1} M lines/s ({sum})",
        (bytes * rounds) as f64 / seconds / 1e6,
        (lines.len() * rounds) as f64 / seconds / 1e6
    );
}

#[test]
fn a_number_that_was_taken_out_is_a_number() {
    for (raw, redacted) in [
        ("call 13812345678 now", "call <phone> now"),
        ("card 4111111111111111 declined", "card <card> declined"),
        ("身份证 110105194912310029 已核验", "身份证 <id-card> 已核验"),
        ("mail to alice@example.com", "mail to <email>"),
    ] {
        assert_eq!(shape_id(redacted), shape_id(raw), "{redacted}");
    }
    assert_eq!(mask_body("login password=<token> of <none>"), "login password=<token> of <none>");
}
