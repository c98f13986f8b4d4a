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
}

impl InputFormat {
    /// All formats, in the order in which help texts list them.
    pub const ALL: [Self; 14] = [
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
        }
    }

    /// The format of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
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
    /// The whole stream is one piece, at most [`crate::limits::DOCUMENT_BYTES_MAX`] long.
    Document,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_format() {
        for format in InputFormat::ALL {
            assert_eq!(InputFormat::by_name(format.as_str()), Some(format));
        }
        assert_eq!(InputFormat::by_name("xlsx"), None);
    }
}
