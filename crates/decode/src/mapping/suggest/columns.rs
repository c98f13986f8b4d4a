//! Which field is which column? By its name where that is known, else by what its values look like.

use fupan_model::severity;

use super::times::TimeLayout;
use crate::formats::log_fields::{Field, canonical, column_of, default_target};

/// A field and the values that the sample has of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// A field that becomes a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) column: &'static str,
    pub(super) from: String,
    pub(super) reason: String,
    /// It is read so without a mapping.
    pub(super) is_default: bool,
}

/// Adds the fields of a record of JSON.
pub(super) fn add_record(mut columns: Vec<Column>, record: &Vec<(String, String)>) -> Vec<Column> {
    for (name, value) in record {
        match columns.iter_mut().find(|column| column.name == *name) {
            Some(column) => column.values.push(value.clone()),
            None => columns.push(Column { name: name.clone(), values: vec![value.clone()] }),
        }
    }
    columns
}

impl Column {
    pub(super) fn is_numeric(&self) -> bool {
        self.all(|value| value.parse::<f64>().is_ok())
    }

    pub(super) fn named_values(&self) -> (&str, Vec<&str>) {
        (&self.name, self.values.iter().map(String::as_str).collect())
    }

    fn all(&self, holds: impl Fn(&str) -> bool) -> bool {
        !self.values.is_empty() && self.values.iter().all(|value| holds(value))
    }

    fn name_has(&self, parts: &[&str]) -> bool {
        let name = canonical(&self.name);
        parts.iter().any(|part| name.contains(part))
    }

    pub(super) fn is_personal(&self) -> bool {
        self.name_has(&[
            "phone",
            "mobile",
            "email",
            "idcard",
            "realname",
            "address",
            "手机",
            "电话",
            "邮箱",
            "身份证",
            "姓名",
            "地址",
        ]) && !self.name_has(&["remoteaddress", "ipaddress", "clientaddress"])
    }

    /// Letters on average, where the values are texts of several words.
    fn words(&self) -> usize {
        let is_text = |value: &str| {
            let is_long = value.chars().count() >= 8;
            (value.contains(' ') || !value.is_ascii()) && is_long && value.parse::<f64>().is_err()
        };
        let texts: Vec<&String> = self.values.iter().filter(|value| is_text(value)).collect();
        if texts.len() * 2 < self.values.len() {
            return 0;
        }
        texts.iter().map(|text| text.chars().count()).sum::<usize>() / texts.len().max(1)
    }

    /// A value for a comment; what is personal is in no comment.
    pub(super) fn example(&self) -> String {
        let Some(value) = self.values.first() else { return String::new() };
        if self.is_personal() {
            return "<personal>".to_owned();
        }
        super::shown(&fupan_redact::redact_field(&self.name, value, &mut fupan_redact::Counts::default()))
    }
}

type Looks = fn(&Column) -> bool;

/// Columns that can be told by the values, and by parts of a name where these alone say too little.
const BY_VALUE: &[(&str, &str, Looks)] = &[
    ("severity_text", "all of its values are levels", |column| {
        column.all(|value| severity::number_of(value).is_some())
    }),
    ("trace_id", "all of its values are trace ids: 32 hexadecimal digits", |column| {
        column.all(|value| is_hex(value, 32))
    }),
    ("span_id", "all of its values are span ids: 16 hexadecimal digits", |column| {
        column.all(|value| is_hex(value, 16) && value.bytes().any(|byte| byte.is_ascii_alphabetic()))
    }),
    ("http_request_method", "all of its values are methods of HTTP", |column| {
        const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        column.all(|value| METHODS.contains(&value))
    }),
    ("http_route", "all of its values are paths of requests", |column| {
        column.all(|value| value.starts_with('/') || value.starts_with("http"))
            && column.name_has(&["path", "uri", "url", "route", "api", "接口", "endpoint"])
    }),
    ("http_response_status_code", "all of its values are statuses of HTTP, and its name says so", |column| {
        column.all(|value| value.parse::<u16>().is_ok_and(|code| (100..600).contains(&code)))
            && column.name_has(&["status", "code", "http", "状态", "返回码"])
    }),
    (
        "duration_ms",
        "all of its values are numbers, and its name ends with a unit of milliseconds",
        |column| {
            let name = canonical(&column.name);
            let is_millis =
                ["ms", "millis", "(ms)", "毫秒", "（ms）"].iter().any(|unit| name.ends_with(unit));
            is_millis && column.is_numeric()
        },
    ),
    ("service_name", "its name speaks of a service", |column| {
        column.name_has(&["service", "svc", "application", "appname", "module", "服务", "应用", "系统"])
            && !column.is_numeric()
    }),
    ("host_name", "its name speaks of a machine", |column| {
        column.name_has(&["host", "pod", "node", "machine", "instance", "主机", "机器", "实例"])
            && !column.is_numeric()
    }),
    ("user_id", "its name speaks of a user", |column| {
        column.name_has(&[
            "userid",
            "usr",
            "uid",
            "customerid",
            "custno",
            "memberid",
            "buyer",
            "用户",
            "会员",
            "客户",
        ])
    }),
    ("order_id", "its name speaks of an order", |column| {
        column.name_has(&["orderid", "orderno", "ordersn", "订单", "单号"])
    }),
    ("amount", "its name speaks of money, and its values are numbers", |column| {
        column.name_has(&["amount", "price", "金额", "实付"]) && column.is_numeric()
    }),
];

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What becomes of the fields; each column is filled once.
pub(super) fn choose(columns: &[&Column]) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    // Names that are known come first: nobody has to map them.
    for column in columns {
        let Some(target) = default_target(&column.name).filter(|target| !target.is_vague) else { continue };
        let known = column_of(target.field);
        let is_free = !choices.iter().any(|choice| choice.column == known);
        if target.field != Field::Timestamp && is_free {
            let reason = "its name is known".to_owned();
            choices.push(Choice { column: known, from: column.name.clone(), reason, is_default: true });
        }
    }
    let is_taken = |choices: &[Choice], name: &str| choices.iter().any(|choice| choice.from == name);
    for (known, reason, looks) in BY_VALUE {
        if choices.iter().any(|choice| choice.column == *known) {
            continue;
        }
        let found = columns.iter().find(|column| !is_taken(&choices, &column.name) && looks(column));
        if let Some(column) = found {
            let reason = format!("{reason}, such as {}", column.example());
            choices.push(Choice { column: known, from: column.name.clone(), reason, is_default: false });
        }
    }
    if !choices.iter().any(|choice| choice.column == "body") {
        // A second time is no message, however many words it has.
        let is_time = |column: &Column| {
            let values: Vec<&str> = column.values.iter().map(String::as_str).collect();
            TimeLayout::of(&values).is_some()
        };
        let free = columns.iter().filter(|column| !is_taken(&choices, &column.name) && !is_time(column));
        if let Some(column) = free.max_by_key(|column| column.words()).filter(|column| column.words() > 0) {
            let reason = format!("the longest of the texts, such as {}", column.example());
            choices.push(Choice { column: "body", from: column.name.clone(), reason, is_default: false });
        }
    }
    choices
}
