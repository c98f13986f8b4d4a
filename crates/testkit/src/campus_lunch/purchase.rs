//! How do users order and pay, and what do they do when it fails?

use super::clock::{MINUTE, Ms, SECOND};
use super::recorder::Ending;
use super::rows::{Basket, Caller, Http, Row, Trace};
use super::services::{Function, Service};
use super::story::{
    BACKGROUND_FAILURES, CAMPAIGN_STARTED, Gate, IMPACT_STARTED, MITIGATED, ORDERING_PAUSED, PAYMENT_FAILS,
    RELIEF_STOPPED, REPAIR_JOB, STALE_CLIENTS, coupon_failing, order_gate, pay_gate,
};
use super::visits::{POOL_WAIT_MS, Visits};

/// How an attempt to order or to pay went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    /// The client does not show the button.
    Hidden,
    /// It shows it, and the breaker answers.
    Refused,
    Failed,
    Succeeded,
}

impl Visits<'_> {
    fn meet(&mut self, gate: Gate) -> Met {
        if !self.dice.chance(gate.admitted) {
            return if self.dice.chance(STALE_CLIENTS) { Met::Refused } else { Met::Hidden };
        }
        if self.dice.chance(gate.failing) { Met::Failed } else { Met::Succeeded }
    }

    /// When somebody who gave up tries once more, if at all.
    fn comeback(&mut self, time: Ms, share: f64) -> Option<Ms> {
        if !self.dice.chance(share) {
            return None;
        }
        let early = self.dice.unit() * (0.3 + 0.7 * self.dice.unit());
        if self.recorder.day.is_incident && (CAMPAIGN_STARTED..MITIGATED).contains(&time) {
            Some(MITIGATED + 4 * SECOND + (early * (44 * MINUTE) as f64) as Ms)
        } else {
            Some(time + self.dice.between(MINUTE, 6 * MINUTE))
        }
    }

    /// Orders, and orders again, until it succeeds or the user gives up.
    pub(super) fn order(&mut self, started: Ms, account: u32, basket: Basket) {
        let (mut time, mut tries, mut looks, mut has_returned) = (started, 0, 0, false);
        loop {
            let met = self.meet(order_gate(self.recorder.day, time));
            self.attempt_order(time, account, basket, met);
            let retries = match met {
                Met::Succeeded => {
                    let paying = time + self.dice.between(6_000, 24_000);
                    return self.pay(paying, account, basket);
                }
                Met::Failed => {
                    tries += 1;
                    (tries < 5 && self.dice.chance(0.66)).then(|| self.dice.between(8_000, 55_000))
                }
                Met::Hidden | Met::Refused => {
                    looks += 1;
                    (looks < 4 && self.dice.chance(0.5)).then(|| self.dice.between(110_000, 300_000))
                }
            };
            let next = match retries {
                Some(wait) => Some(time + wait),
                None if has_returned => None,
                None => {
                    has_returned = true;
                    self.comeback(time, 0.46)
                }
            };
            let Some(next) = next else { return };
            if met == Met::Hidden {
                self.read(next - 3_000, Caller::User(account), Function::Browse);
            }
            time = next;
        }
    }

    fn attempt_order(&mut self, time: Ms, account: u32, basket: Basket, met: Met) {
        let caller = Caller::User(account);
        let function = Function::Order;
        let trace = self.recorder.trace(time);
        let ending = match met {
            Met::Hidden => return,
            Met::Refused => {
                let ending = Ending::ok(self.usual_ms(4.0), "").with_code("ORDER_PAUSED");
                return self.recorder.at_gateway(time, trace, caller, function, Some(basket), &ending);
            }
            Met::Failed => self.trading_failure(time, function),
            Met::Succeeded => {
                let duration = self.slow_ms(function.usual_ms(), time) as u32;
                Ending::ok(duration, "下单成功").with_code("0").with_event("order.created")
            }
        };
        self.shop_status(time - 14, trace);
        if met == Met::Succeeded {
            self.coupon(time - 12, trace, "/internal/coupons/lock", BACKGROUND_FAILURES / 4.0);
        } else if self.dice.chance(0.5) {
            let failing = coupon_failing(self.recorder.day, time);
            self.coupon(time - 12, trace, "/internal/coupons/lock", failing);
        }
        self.recorder.at_owner(time, trace, caller, function, Some(basket), &ending);
        self.recorder.at_gateway(time, trace, caller, function, Some(basket), &ending);
    }

    /// How ordering and paying fail: on quiet days for reasons of their own, else for want of a connection.
    fn trading_failure(&mut self, time: Ms, function: Function) -> Ending {
        let is_order = function == Function::Order;
        let event = if is_order { "order.failed" } else { "payment.failed" };
        let day = self.recorder.day;
        let is_starved = day.is_incident && (IMPACT_STARTED..RELIEF_STOPPED).contains(&time);
        let ending = if !is_starved {
            let message = if is_order {
                "下单失败: 商户库存变更"
            } else {
                "支付失败: 渠道返回系统繁忙"
            };
            Ending::failed(500, if is_order { "StockConflict" } else { "ChannelBusy" }, 350, message)
        } else if self.dice.chance(0.62) {
            let waiting = self.dice.between(9, 60) * 10;
            let message = if is_order {
                format!(
                    "下单失败: 获取数据库连接超时 pool=trade-mysql active=2000 max=2000 waiting={waiting}"
                )
            } else {
                format!(
                    "支付失败: 获取数据库连接超时 pool=trade-mysql active=2000 max=2000 waiting={waiting}"
                )
            };
            let duration = POOL_WAIT_MS + self.dice.between(2, 40);
            Ending::failed(503, "ConnectionPoolTimeout", duration as u32, message)
        } else if self.dice.chance(0.6) {
            let message = if is_order {
                "create order timed out: mysql-proxy did not answer within 5000 ms"
            } else {
                "payment timed out: mysql-proxy did not answer within 5000 ms"
            };
            Ending::failed(504, "timeout", 5_000 + self.dice.between(1, 30) as u32, message)
        } else {
            let message = "CannotGetJdbcConnectionException: Failed to obtain JDBC Connection; request rejected, queue full";
            Ending::failed(500, "CannotGetJdbcConnectionException", self.usual_ms(90.0), message)
        };
        ending.with_event(event)
    }

    /// Pays, and pays again.
    fn pay(&mut self, started: Ms, account: u32, basket: Basket) {
        if self.dice.chance(0.03) {
            return;
        }
        let (mut time, mut tries, mut looks, mut has_returned) = (started, 0, 0, false);
        loop {
            let met = self.meet(pay_gate(self.recorder.day, time));
            if self.attempt_payment(time, account, basket, met) {
                return;
            }
            let retries = match met {
                Met::Succeeded => return self.follow_order(time, account),
                Met::Failed => {
                    tries += 1;
                    (tries < 4 && self.dice.chance(0.7)).then(|| self.dice.between(6_000, 40_000))
                }
                Met::Hidden | Met::Refused => {
                    looks += 1;
                    (looks < 4 && self.dice.chance(0.5)).then(|| self.dice.between(110_000, 300_000))
                }
            };
            time = match retries {
                Some(wait) => time + wait,
                None if has_returned => return,
                None => {
                    has_returned = true;
                    match self.comeback(time, 0.55) {
                        Some(next) => next,
                        None => return,
                    }
                }
            };
        }
    }

    /// Returns true where the money was taken but nobody could write that down: the client then says
    /// "processing", and the user has nothing left to try.
    fn attempt_payment(&mut self, time: Ms, account: u32, basket: Basket, met: Met) -> bool {
        let (caller, function, basket_seen) = (Caller::User(account), Function::Pay, Some(basket));
        let trace = self.recorder.trace(time);
        match met {
            Met::Hidden => false,
            Met::Refused => {
                let ending = Ending::ok(self.usual_ms(4.0), "").with_code("ORDER_PAUSED");
                self.recorder.at_gateway(time, trace, caller, function, basket_seen, &ending);
                false
            }
            Met::Failed => {
                let day = self.recorder.day;
                let ending = self.trading_failure(time, function);
                self.recorder.at_owner(time, trace, caller, function, basket_seen, &ending);
                self.recorder.at_gateway(time, trace, caller, function, basket_seen, &ending);
                let is_starved = day.is_incident && (PAYMENT_FAILS..ORDERING_PAUSED).contains(&time);
                let is_taken = is_starved && self.dice.chance(0.11);
                if is_taken {
                    self.lose_callback(time, trace, account, basket);
                }
                is_taken
            }
            Met::Succeeded => {
                let duration = self.slow_ms(function.usual_ms(), time) as u32;
                let ending = Ending::ok(duration, "支付受理").with_code("0").with_event("payment.submitted");
                self.recorder.at_owner(time, trace, caller, function, basket_seen, &ending);
                self.recorder.at_gateway(time, trace, caller, function, basket_seen, &ending);
                self.settle(time, trace, account, basket);
                false
            }
        }
    }

    /// The channel's callback, the order's update, the rider and the message to the user.
    fn settle(&mut self, time: Ms, trace: Trace, account: u32, basket: Basket) {
        let called_back = time + self.dice.between(300, 1_900);
        let accepted = Ending::ok(self.usual_ms(30.0), "支付回调处理成功");
        self.callback(called_back, trace, basket, accepted);
        self.order_paid(called_back + 12, Some(trace), account, basket, "订单已支付");
        let call = (Service::Dispatch, "POST", "/internal/dispatches");
        let dispatched = if self.dice.chance(BACKGROUND_FAILURES) {
            Ending::failed(500, "NoRiderNearby", 300, "派单失败: 附近无骑手, 已重试")
        } else {
            Ending::ok(self.usual_ms(26.0), "派单成功")
        };
        self.recorder.at_inner(called_back + 60, trace, "0.3", call, dispatched);
        let call = (Service::Notify, "POST", "/internal/messages");
        let sent = if self.dice.chance(BACKGROUND_FAILURES) {
            Ending::failed(500, "PushTokenExpired", 80, "message not sent: push token expired")
        } else {
            Ending::ok(self.usual_ms(15.0), "message sent")
        };
        self.recorder.at_inner(called_back + 90, trace, "0.4", call, sent);
    }

    fn callback(&mut self, time: Ms, trace: Trace, basket: Basket, ending: Ending) {
        let mut row = Row::plain(time, Service::Payment, "INFO", ending.message);
        if ending.status >= 500 {
            row.level = "ERROR";
        }
        row.trace = Some(trace);
        row.span = "0.1.4";
        row.event = Some("payment.captured");
        row.basket = Some(basket);
        row.duration_ms = Some(ending.duration_ms);
        row.error_type = ending.error_type;
        row.http = Some(Http { method: "POST", route: "/callbacks/payment", status_code: ending.status });
        self.recorder.push(row);
    }

    fn order_paid(
        &mut self,
        time: Ms,
        trace: Option<Trace>,
        account: u32,
        basket: Basket,
        message: &'static str,
    ) {
        let mut row = Row::plain(time, Service::Order, "INFO", message);
        row.trace = trace;
        row.span = if trace.is_some() { "0.1.5" } else { "" };
        row.caller = Caller::User(account);
        row.event = Some("order.paid");
        row.basket = Some(basket);
        self.recorder.push(row);
    }

    /// The channel has taken the money, and the order cannot be updated; a job mends some later.
    fn lose_callback(&mut self, time: Ms, trace: Trace, account: u32, basket: Basket) {
        let called_back = time + self.dice.between(300, 1_900);
        let message = "支付回调处理失败: 渠道已扣款, 订单状态更新超时";
        let ending = Ending::failed(500, "ConnectionPoolTimeout", POOL_WAIT_MS as u32, message);
        self.callback(called_back, trace, basket, ending);
        let number = self.recorder.unsettled.len() as i64;
        let mended = (number % 3 == 1).then(|| REPAIR_JOB + number * 700);
        if let Some(mended) = mended {
            self.order_paid(mended, None, account, basket, "补偿任务: 订单已更新为已支付");
        }
        self.recorder.unsettled.push((basket, called_back, mended));
    }
}
