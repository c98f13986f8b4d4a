//! Which formats are there, and how is a stream of each cut into records?

/// A kind of source that fupan can read. Detected from content, overridable with `--input-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputFormat {
    /// One JSON object per line, of any shape: logs.
    JsonLines,
    /// OpenTelemetry protocol in JSON: logs, metrics or traces, one object per line or one document.
    OtlpJson,
    /// CSV or TSV with a header, one log record per row.
    CsvLogs,
    /// CSV or TSV with the columns time, metric, value and labels.
    CsvMetricsLong,
    /// CSV or TSV with a time column and a column per metric.
    CsvMetricsWide,
    /// CSV or TSV with a span per row.
    CsvTraces,
    /// The answer of Prometheus' `query_range` (or `query`).
    PrometheusQueryRange,
    /// fupan's own incident timeline in YAML or JSON.
    Timeline,
    /// fupan's own incident timeline as a table.
    TimelineCsv,
    /// Incidents of a status page.
    Statuspage,
    /// Alerts: a list, one per line, or an Alertmanager webhook.
    Alerts,
    /// Deployments, commits, flags, campaigns: a list or one per line.
    Changes,
    /// Deployments, commits, flags, campaigns as a table.
    ChangesCsv,
    /// Trace spans as a JSON list or one per line.
    TracesJson,
    /// Prometheus' text exposition and `OpenMetrics`.
    Openmetrics,
    /// `InfluxDB` line protocol.
    InfluxLine,
    /// Values of metrics as `CloudWatch` answers them.
    CloudwatchMetrics,
    /// Incidents and log entries of `PagerDuty`'s REST API.
    Pagerduty,
    /// Alerts and incidents of Opsgenie.
    Opsgenie,
    /// Incidents of incident.io, version 2.
    IncidentIo,
    /// Messages of a channel out of Slack.
    Slack,
    /// Issues of Jira with their change log.
    Jira,
    /// Issues of `GitHub` with their timeline; merged pull requests are changes.
    Github,
    /// Annotations of Grafana's dashboards and alert rules.
    GrafanaAnnotations,
    /// Events of a Kubernetes cluster.
    KubernetesEvents,
    /// A workbook: each sheet is read like the table that it holds.
    Xlsx,
    /// What nginx and Apache write per request, common or combined.
    AccessLog,
    /// Syslog after RFC 5424 or RFC 3164, by line or octet-counted.
    Syslog,
    /// `journalctl --output=json`.
    Journald,
    /// `key=value` pairs, one record per line.
    Logfmt,
    /// Text whose records begin with a time; stack traces belong to the line before.
    TextLog,
    /// The answer of Loki's `query_range`, or what is pushed to it.
    Loki,
    /// Documents out of Elasticsearch: a dump, a bulk file or the answer of a search.
    Elasticsearch,
    /// Events out of `CloudWatch` Logs.
    CloudwatchLogs,
}

/// The attribute with what the time of a line is below its microsecond, where it is: it tells lines of one instant apart.
pub const LINE_NANOSECONDS: &str = "timestamp.nanosecond";

/// What makes a record of logs or spans the same one in two exports, if it is the same in all else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordIdentity {
    /// The attribute of a log record that holds the id its source gave it.
    Attribute(&'static str),
    /// The instant and text of a log record: its source stores a line of one stream and instant once.
    Line,
    /// The ids of trace and span.
    Span,
}

impl InputFormat {
    /// All formats, in the order in which help texts list them.
    pub const ALL: [Self; 34] = [
        Self::JsonLines,
        Self::OtlpJson,
        Self::CsvLogs,
        Self::CsvMetricsLong,
        Self::CsvMetricsWide,
        Self::CsvTraces,
        Self::PrometheusQueryRange,
        Self::Timeline,
        Self::TimelineCsv,
        Self::Statuspage,
        Self::Alerts,
        Self::Changes,
        Self::ChangesCsv,
        Self::TracesJson,
        Self::Openmetrics,
        Self::InfluxLine,
        Self::CloudwatchMetrics,
        Self::Pagerduty,
        Self::Opsgenie,
        Self::IncidentIo,
        Self::Slack,
        Self::Jira,
        Self::Github,
        Self::GrafanaAnnotations,
        Self::KubernetesEvents,
        Self::Xlsx,
        Self::AccessLog,
        Self::Syslog,
        Self::Journald,
        Self::Logfmt,
        Self::TextLog,
        Self::Loki,
        Self::Elasticsearch,
        Self::CloudwatchLogs,
    ];

    /// The name that `--input-format` takes and the ledger records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JsonLines => "json-lines",
            Self::OtlpJson => "otlp-json",
            Self::CsvLogs => "csv-logs",
            Self::CsvMetricsLong => "csv-metrics-long",
            Self::CsvMetricsWide => "csv-metrics-wide",
            Self::CsvTraces => "csv-traces",
            Self::PrometheusQueryRange => "prometheus-query-range",
            Self::Timeline => "timeline",
            Self::TimelineCsv => "timeline-csv",
            Self::Statuspage => "statuspage",
            Self::Alerts => "alerts",
            Self::Changes => "changes",
            Self::ChangesCsv => "changes-csv",
            Self::TracesJson => "traces-json",
            Self::Openmetrics => "openmetrics",
            Self::InfluxLine => "influx-line",
            Self::CloudwatchMetrics => "cloudwatch-metrics",
            Self::Pagerduty => "pagerduty",
            Self::Opsgenie => "opsgenie",
            Self::IncidentIo => "incident-io",
            Self::Slack => "slack",
            Self::Jira => "jira",
            Self::Github => "github",
            Self::GrafanaAnnotations => "grafana-annotations",
            Self::KubernetesEvents => "kubernetes-events",
            Self::Xlsx => "xlsx",
            Self::AccessLog => "access-log",
            Self::Syslog => "syslog",
            Self::Journald => "journald",
            Self::Logfmt => "logfmt",
            Self::TextLog => "text-log",
            Self::Loki => "loki",
            Self::Elasticsearch => "elasticsearch",
            Self::CloudwatchLogs => "cloudwatch-logs",
        }
    }

    /// The format of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// What tells that records of two sources are the same one, where their format tells it at all: lines of
    /// most logs have no id, and two that are alike are two.
    pub const fn record_identity(self) -> Option<RecordIdentity> {
        match self {
            Self::Elasticsearch | Self::CsvLogs => Some(RecordIdentity::Attribute("_id")),
            Self::CloudwatchLogs => Some(RecordIdentity::Attribute("eventId")),
            Self::Journald => Some(RecordIdentity::Attribute("__CURSOR")),
            Self::KubernetesEvents => Some(RecordIdentity::Attribute("k8s.event.uid")),
            Self::Loki => Some(RecordIdentity::Line),
            Self::OtlpJson | Self::TracesJson | Self::CsvTraces => Some(RecordIdentity::Span),
            _ => None,
        }
    }

    /// Whether rows carry keys of their own, so that overlapping exports are deduplicated by key.
    pub const fn has_own_keys(self) -> bool {
        matches!(
            self,
            Self::Timeline
                | Self::TimelineCsv
                | Self::Statuspage
                | Self::Alerts
                | Self::Changes
                | Self::ChangesCsv
                | Self::Pagerduty
                | Self::Opsgenie
                | Self::IncidentIo
                | Self::Slack
                | Self::Jira
                | Self::Github
                | Self::GrafanaAnnotations
        )
    }
}

/// How a stream is cut into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A record ends with a line feed; lines of white space only are no records.
    Lines,
    /// A record ends with a line feed outside of quotes; the first record is the header.
    CsvRecords {
        /// What separates the cells: `,`, tab, `;` or `|`.
        delimiter: u8,
    },
    /// A record begins with a line of its own; lines that begin none belong to the record before.
    JoinedLines {
        /// Which lines begin a record.
        start: RecordStart,
    },
    /// Each message says how many bytes follow (syslog over TCP).
    OctetCounted,
    /// The whole stream is one piece, at most [`crate::limits::DOCUMENT_BYTES_MAX`] long.
    Document,
}

/// Which lines of a text begin a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordStart {
    /// Those with a time near their beginning.
    Time,
    /// As `Time`, and those that are records of another kind with a time of their own: JSON, logfmt, access logs.
    TimeOrRecord,
    /// Those that are neither blank nor indented nor a part of a stack trace.
    Unindented,
}

impl RecordStart {
    /// Whether the line, without its line feed, begins a record.
    pub(crate) fn begins(self, line: &[u8]) -> bool {
        let line = crate::framing::unpadded(line);
        match self {
            Self::Time => crate::line_time::begins_record(line),
            Self::TimeOrRecord => {
                crate::line_time::begins_record(line) || crate::formats::other_line::begins_record(line)
            }
            Self::Unindented => !crate::line_time::is_continuation(line),
        }
    }

    /// Whether the line after this one belongs to it, however that begins.
    pub(crate) fn goes_on_after(self, line: &[u8]) -> bool {
        self != Self::Unindented && crate::line_time::is_partial(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_format() {
        for format in InputFormat::ALL {
            assert_eq!(InputFormat::by_name(format.as_str()), Some(format));
        }
        assert_eq!(InputFormat::by_name("xls"), None);
    }
}
