//! How do users go through the platform up to the cart?

use super::clock::{MINUTE, Ms, at};
use super::recorder::{Ending, Recorder};
use super::rows::{Basket, Caller, Trace};
use super::services::{Function, Service};
use super::story::{
    BACKGROUND_FAILURES, WINDOW_END, campaign_factor, coupon_failing, trading_slowness, visits_per_minute,
};
use crate::Dice;

/// Students and staff with an account.
const ACCOUNTS: u32 = 26_000;
const FIRST_ACCOUNT: u32 = 100_000;
/// Visits before the exported hours, so that these do not begin with an empty platform.
const WARM_UP: Ms = at(8, 50, 0);
/// Connections are waited for this long, then the request fails.
pub(super) const POOL_WAIT_MS: i64 = 3_000;

/// Plays all visits of a day.
pub(super) fn play(recorder: &mut Recorder, dice: &mut Dice) {
    let mut accounts: Vec<u32> = (FIRST_ACCOUNT..FIRST_ACCOUNT + ACCOUNTS).collect();
    dice.shuffle(&mut accounts);
    let mut visits = Visits { recorder, dice, orders: 0, guests: 0 };
    let mut visited = 0_usize;
    let tick = 100;
    for time in (WARM_UP..WINDOW_END).step_by(tick) {
        let day = visits.recorder.day;
        let factor = campaign_factor(day, time);
        let expected = visits_per_minute(day, time) * factor * tick as f64 / MINUTE as f64;
        if !visits.dice.chance(expected) {
            continue;
        }
        // Some come twice: a second visit is by somebody who came a good while ago.
        let again = visited > 400 && visits.dice.chance(0.08);
        let account = if again {
            accounts[visits.dice.between(0, visited as i64 - 300) as usize]
        } else {
            visited += 1;
            accounts[visited % accounts.len()]
        };
        let is_hunting = visits.dice.unit() < 1.0 - 1.0 / factor;
        let started = time + visits.dice.between(0, 99);
        visits.visit(started, account, is_hunting);
    }
}

/// The visits of a day while they are played.
pub(super) struct Visits<'a> {
    pub(super) recorder: &'a mut Recorder,
    pub(super) dice: &'a mut Dice,
    orders: u32,
    guests: u32,
}

impl Visits<'_> {
    /// One visit: search, browse, cart, order, pay, look where the rider is.
    fn visit(&mut self, started: Ms, account: u32, is_hunting: bool) {
        let caller = if self.dice.chance(0.05) {
            self.guests += 1;
            Caller::Guest(200_000 + self.guests)
        } else {
            Caller::User(account)
        };
        let mut time = started;
        // Those who come for the campaign know what they want.
        let (searches, pages) = if is_hunting {
            (self.dice.between(0, 1), self.dice.between(1, 2))
        } else {
            (self.dice.between(0, 2) + i64::from(self.dice.chance(0.3)), self.dice.between(1, 3))
        };
        self.sign_in(time);
        for _ in 0..searches {
            self.read(time, caller, Function::Search);
            time += self.pause(is_hunting);
        }
        for _ in 0..pages {
            self.read(time, caller, Function::Browse);
            time += self.pause(is_hunting);
        }
        if matches!(caller, Caller::Guest(_)) || !self.dice.chance(if is_hunting { 0.82 } else { 0.70 }) {
            return;
        }
        self.fill_cart(time, caller);
        time += self.pause(is_hunting);
        if self.dice.chance(0.87) {
            self.orders += 1;
            let cents = (88 + 3 * self.dice.between(0, 120)) as u32 * 10;
            self.order(time, account, Basket { order: self.orders, cents });
        }
    }

    fn pause(&mut self, is_hunting: bool) -> Ms {
        if is_hunting { self.dice.between(2_500, 9_000) } else { self.dice.between(4_000, 20_000) }
    }

    /// A duration around the usual one, skewed to the right.
    pub(super) fn usual_ms(&mut self, usual: f64) -> u32 {
        let skew = self.dice.unit() * self.dice.unit() * self.dice.unit();
        (usual * (0.6 + 0.4 * self.dice.unit() + 3.0 * skew)) as u32
    }

    /// The same, where the trading database is slow.
    pub(super) fn slow_ms(&mut self, usual: f64, time: Ms) -> i64 {
        let slowness = trading_slowness(self.recorder.day, time);
        i64::from(self.usual_ms(usual * slowness)).min(4_800)
    }

    fn sign_in(&mut self, time: Ms) {
        let trace = self.recorder.trace(time);
        let call = (Service::User, "POST", "/internal/sessions/verify");
        let ending = if self.dice.chance(BACKGROUND_FAILURES) {
            Ending::failed(500, "SessionStoreError", 30, "session store did not answer, retried")
        } else {
            Ending::ok(self.usual_ms(7.0), "session verified")
        };
        self.recorder.at_inner(time - 20, trace, "0.2", call, ending);
    }

    /// Searching and browsing: other databases, other pools.
    pub(super) fn read(&mut self, time: Ms, caller: Caller, function: Function) {
        let trace = self.recorder.trace(time);
        let duration = self.usual_ms(function.usual_ms());
        let fails = self.dice.chance(BACKGROUND_FAILURES);
        let ending = match function {
            Function::Search if fails => {
                Ending::failed(500, "IndexShardTimeout", 1_000, "搜索失败: 索引分片超时 shard=3")
            }
            Function::Search => {
                let shops = self.dice.between(2, 31);
                Ending::ok(duration, format!("搜索完成, 命中 {shops} 家商户"))
            }
            Function::OrderStatus if fails => {
                Ending::failed(500, "CacheReadError", 400, "order status: replica and cache both failed")
            }
            Function::OrderStatus => Ending::ok(duration, "order status served from cache"),
            _ if fails => {
                Ending::failed(502, "BadGateway", 600, "menu page failed: image service answered 502")
            }
            _ => Ending::ok(duration, "menu page served"),
        };
        if function == Function::Browse && self.dice.chance(0.25) {
            self.shop_status(time - 9, trace);
        }
        if function == Function::OrderStatus {
            let call = (Service::Dispatch, "GET", "/internal/riders/{id}/location");
            let answer = if self.dice.chance(BACKGROUND_FAILURES) {
                Ending::failed(500, "RiderOffline", 200, "骑手位置查询失败: 骑手离线")
            } else {
                Ending::ok(self.usual_ms(11.0), "骑手位置已返回")
            };
            self.recorder.at_inner(time - 8, trace, "0.1.1", call, answer);
        }
        self.recorder.at_owner(time, trace, caller, function, None, &ending);
        self.recorder.at_gateway(time, trace, caller, function, None, &ending);
    }

    pub(super) fn shop_status(&mut self, time: Ms, trace: Trace) {
        let call = (Service::Merchant, "GET", "/internal/shops/{id}/status");
        let ending = if self.dice.chance(BACKGROUND_FAILURES) {
            Ending::failed(500, "ShopNotLoaded", 90, "商户状态查询失败: shop not loaded")
        } else {
            Ending::ok(self.usual_ms(9.0), "商户营业中")
        };
        self.recorder.at_inner(time, trace, "0.1.2", call, ending);
    }

    /// The coupon service uses the trading database and its pool.
    pub(super) fn coupon(&mut self, time: Ms, trace: Trace, route: &'static str, failing: f64) {
        let duration = self.slow_ms(12.0, time) as u32;
        let ending = if self.dice.chance(failing) {
            let message = "coupon query failed: 获取数据库连接超时 pool=trade-mysql";
            Ending::failed(500, "ConnectionPoolTimeout", POOL_WAIT_MS as u32, message)
        } else {
            Ending::ok(duration, "coupon checked")
        };
        self.recorder.at_inner(time, trace, "0.1.3", (Service::Coupon, "POST", route), ending);
    }

    /// Without a coupon's answer the cart shows the full price: slow, not failing.
    fn fill_cart(&mut self, time: Ms, caller: Caller) {
        let trace = self.recorder.trace(time);
        let duration = self.slow_ms(Function::Cart.usual_ms(), time) as u32;
        if self.dice.chance(0.7) {
            let failing = coupon_failing(self.recorder.day, time);
            self.coupon(time - 11, trace, "/internal/coupons/quote", failing);
        }
        let ending = if self.dice.chance(BACKGROUND_FAILURES) {
            Ending::failed(500, "CartVersionConflict", 120, "购物车更新失败: 版本冲突")
        } else {
            Ending::ok(duration, "购物车已更新")
        };
        self.recorder.at_owner(time, trace, caller, Function::Cart, None, &ending);
        self.recorder.at_gateway(time, trace, caller, Function::Cart, None, &ending);
    }

    /// Looks where the food is.
    pub(super) fn follow_order(&mut self, paid: Ms, account: u32) {
        let mut time = paid;
        for _ in 0..self.dice.between(0, 2) {
            time += self.dice.between(2 * MINUTE, 11 * MINUTE);
            self.read(time, Caller::User(account), Function::OrderStatus);
        }
    }
}
