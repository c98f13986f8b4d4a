//! What does it cost to look through texts? `cargo bench -p fupan-redact`.

#![allow(missing_docs, reason = "a program")]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use fupan_redact::{Counts, redact, redact_field};

fn main() {
    divan::main();
}

/// About a hundred bytes each.
const BODIES: [(&str, &str); 7] = [
    (
        "words",
        "connection pool exhausted while saving the shipment, circuit breaker open, rejecting further orders now",
    ),
    (
        "numbers",
        "updated order 98213377 in 35 ms with 12 rules, cache hit for shard 7, rows 1042, retry 2 of 3 at step 4",
    ),
    ("chinese", "用户 u18273 提交订单 98213377，金额 1280.50 元：支付超时，等待 5003 毫秒，已重试 3 次。"),
    (
        "pairs",
        "level=info took=35ms status=200 route=/api/v1/orders peer=10.0.0.7:5123 pool=main active=50 waiting=7",
    ),
    (
        "instants",
        "2026-11-05T11:05:03.123456+08:00 order 202611051105030001 offset 1762312345678 took 35 ms in shard 0012",
    ),
    (
        "hex",
        "trace 0af7651916cd43dd8448eb211c80319c span b7ad6b7169203331 request 550e8400-e29b-41d4-a716-446655440000",
    ),
    (
        "dirty",
        "短信发往 13812345678 失败，改发邮件 alice@example.com，回调 /notify?token=ab12cd34ef56 已返回 503 错误",
    ),
];

#[divan::bench(args = BODIES.map(|(name, _)| name))]
fn body(bencher: Bencher, name: &str) {
    let text = BODIES.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
    bencher.counter(BytesCount::of_str(text)).bench(|| redact(black_box(text), &mut Counts::default()).len());
}

/// What columns and attributes hold.
#[divan::bench(args = ["payment", "/api/v1/orders/{id}", "cn-north-1", "pay-64469b5b48-25zj6", "true"])]
fn value(bencher: Bencher, text: &str) {
    bencher.bench(|| redact_field(black_box("k8s.pod.name"), black_box(text), &mut Counts::default()).len());
}
