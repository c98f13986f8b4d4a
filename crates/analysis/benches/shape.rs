//! How many bytes of messages a second does one core give their shape?
//!
//! `cargo bench -p fupan-analysis --bench shape`

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use fupan_analysis::shape::{mask_body, shape_id};

fn main() {
    divan::main();
}

/// Messages with numbers, ids, quotes and Chinese in them, none like the one before.
fn bodies() -> Vec<String> {
    (0..20_000u64)
        .map(|at| {
            let random = at.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            match at % 5 {
                0 => format!(
                    "order {at} accepted in {}.{} ms for user u{}",
                    random % 90,
                    random % 10,
                    random % 5000
                ),
                1 => format!("支付请求失败: 连接池耗尽, 等待 {}ms, 订单 {random:x}", random % 5000),
                2 => format!(
                    "GET /api/items/{}?page={} from 10.0.{}.{} took {}ms",
                    at,
                    random % 9,
                    at % 250,
                    random % 250,
                    random % 900
                ),
                3 => format!("retry {} of \"charge {random:016x}\" after timeout", at % 5),
                _ => "cache miss for menu of the day, loading from the database".to_owned(),
            }
        })
        .collect()
}

#[divan::bench(sample_count = 30)]
fn shape_of_a_body(bencher: Bencher<'_, '_>) {
    let bodies = bodies();
    let bytes: usize = bodies.iter().map(String::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(bodies.len()))
        .bench_local(|| bodies.iter().fold(0i64, |sum, body| sum.wrapping_add(shape_id(black_box(body)))));
}

#[divan::bench(sample_count = 30)]
fn mask_a_body(bencher: Bencher<'_, '_>) {
    let bodies = bodies();
    let bytes: usize = bodies.iter().map(String::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(bodies.len()))
        .bench_local(|| bodies.iter().map(|body| mask_body(black_box(body)).len()).sum::<usize>());
}
