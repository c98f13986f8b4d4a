//! Which services are there, and which functions do users reach through them?

use super::clock::Ms;
use super::story::{Day, MENU_RELEASED, MENU_ROLLED_BACK, NOTIFY_RELEASED, SEARCH_RELEASED};

/// A service of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Service {
    Gateway,
    Search,
    Menu,
    Cart,
    Order,
    Payment,
    Coupon,
    User,
    Merchant,
    Dispatch,
    Notify,
    MysqlProxy,
    Redis,
}

impl Service {
    /// All of them, in the order of the variants.
    pub(super) const ALL: [Self; 13] = [
        Self::Gateway,
        Self::Search,
        Self::Menu,
        Self::Cart,
        Self::Order,
        Self::Payment,
        Self::Coupon,
        Self::User,
        Self::Merchant,
        Self::Dispatch,
        Self::Notify,
        Self::MysqlProxy,
        Self::Redis,
    ];

    /// `service.name`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "api-gateway",
            Self::Search => "search-service",
            Self::Menu => "menu-service",
            Self::Cart => "cart-service",
            Self::Order => "order-service",
            Self::Payment => "payment-service",
            Self::Coupon => "coupon-service",
            Self::User => "user-service",
            Self::Merchant => "merchant-service",
            Self::Dispatch => "dispatch-service",
            Self::Notify => "notify-service",
            Self::MysqlProxy => "mysql-proxy",
            Self::Redis => "redis",
        }
    }

    /// Instances that write logs.
    pub(super) const fn instances(self) -> usize {
        match self {
            Self::Gateway | Self::Order => 3,
            Self::MysqlProxy | Self::Redis | Self::Notify | Self::User => 1,
            _ => 2,
        }
    }

    /// `service.version` at an instant.
    pub(super) fn version(self, day: Day, time: Ms) -> &'static str {
        let released = |since: Ms| day.is_incident && time >= since;
        match self {
            Self::Gateway => "5.2.0",
            Self::Search => {
                if released(SEARCH_RELEASED) {
                    "4.8.1"
                } else {
                    "4.8.0"
                }
            }
            Self::Menu => {
                if released(MENU_RELEASED) && !released(MENU_ROLLED_BACK) {
                    "6.1.0"
                } else {
                    "6.0.3"
                }
            }
            Self::Cart => "2.9.4",
            Self::Order => "7.3.2",
            Self::Payment => "3.11.0",
            Self::Coupon => "1.18.5",
            Self::User => "2.2.7",
            Self::Merchant => "3.0.9",
            Self::Dispatch => "4.4.1",
            Self::Notify => {
                if released(NOTIFY_RELEASED) {
                    "2.6.0"
                } else {
                    "2.5.8"
                }
            }
            Self::MysqlProxy => "2.0.14",
            Self::Redis => "7.4.2",
        }
    }

    /// Whether it writes request records with an HTTP status.
    pub(super) const fn serves_requests(self) -> bool {
        !matches!(self, Self::MysqlProxy | Self::Redis)
    }
}

/// A function that users reach through the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Function {
    Search,
    Browse,
    Cart,
    Order,
    Pay,
    OrderStatus,
}

impl Function {
    /// HTTP method and route, the same at the gateway and at the owner.
    pub(super) const fn route(self) -> (&'static str, &'static str) {
        match self {
            Self::Search => ("GET", "/api/v1/search"),
            Self::Browse => ("GET", "/api/v1/menus/{shop}"),
            Self::Cart => ("POST", "/api/v1/cart"),
            Self::Order => ("POST", "/api/v1/orders"),
            Self::Pay => ("POST", "/api/v1/payments"),
            Self::OrderStatus => ("GET", "/api/v1/orders/{id}"),
        }
    }

    /// The service that does the work.
    pub(super) const fn owner(self) -> Service {
        match self {
            Self::Search => Service::Search,
            Self::Browse => Service::Menu,
            Self::Cart => Service::Cart,
            Self::Order | Self::OrderStatus => Service::Order,
            Self::Pay => Service::Payment,
        }
    }

    /// Usual duration at the gateway, milliseconds.
    pub(super) const fn usual_ms(self) -> f64 {
        match self {
            Self::Search => 64.0,
            Self::Browse => 42.0,
            Self::Cart => 88.0,
            Self::Order => 160.0,
            Self::Pay => 220.0,
            Self::OrderStatus => 24.0,
        }
    }
}
