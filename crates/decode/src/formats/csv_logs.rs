//! A table with one log record per row: the same names as in JSON lines.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::log_builder::LogBuilder;
use super::log_fields::{Target, default_target};
use super::table::Table;
use crate::json::Value;
use crate::{Chunk, DecodeError, DecodeOptions, Decoder, Framing, Header, InputFormat, RecordSink};

pub(crate) struct CsvLogs {
    table: Table,
    targets: Vec<Option<Target>>,
    zone: Tz,
}

impl CsvLogs {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Result<Self, DecodeError> {
        let table = Table::read(head, InputFormat::CsvLogs.as_str())?;
        let targets = table.names.iter().map(|name| default_target(name)).collect();
        Ok(Self { table, targets, zone: options.zone })
    }
}

impl Decoder for CsvLogs {
    fn framing(&self) -> Framing {
        self.table.framing()
    }

    fn count_records(&self, bytes: &[u8], byte_offset: u64) -> u64 {
        self.table.count_rows(bytes, byte_offset)
    }

    fn header(&self) -> Option<Header<'_>> {
        Some(self.table.header())
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut builder = LogBuilder::new();
        self.table.walk(chunk, sink, &mut |place, row, sink| {
            for ((name, target), cell) in self.table.names.iter().zip(&self.targets).zip(row) {
                // Empty cells are missing; a column without a name is an index that some tools write.
                if !cell.is_empty() && !name.is_empty() {
                    builder.put(*target, Cow::Borrowed(name), Value::Text(cell.clone()));
                }
            }
            builder.log_to(sink, place, self.zone)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    #[test]
    fn a_date_and_a_time_in_two_columns_are_one_instant() {
        for (date, time) in [
            ("2026-11-05", "11:05:03.250"),
            ("2026/11/5", "11:05:03,250"),
            ("20261105", "11:05:03.250"),
            ("2026年11月5日", "11:05:03.250"),
        ] {
            let text = format!("日期\t时间\tlevel\tmessage\n{date}\t{time}\tERROR\tcharge failed\n");
            let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "logs.csv");
            let found = Collected::from(&CsvLogs::open(text.as_bytes(), &options).unwrap(), text.as_bytes());
            assert_eq!(found.rejects, [], "{date}");
            assert_eq!(found.logs[0].timestamp.to_rfc3339(), "2026-11-05T03:05:03.250Z", "{date}");
        }
    }

    #[test]
    fn a_zone_beside_the_time_or_in_its_name_is_the_times() {
        let options = DecodeOptions::new(chrono_tz::Asia::Tokyo, "logs.csv");
        for text in [
            "北京时间,level,message\n2026-11-05 11:05:03,ERROR,x\n",
            "time_utc,level,message\n2026-11-05 03:05:03,ERROR,x\n",
            "time,level,message,时区\n2026-11-05 11:05:03,ERROR,x,UTC+8\n",
            "time,level,message,timezone\n2026-11-05 03:05:03,ERROR,x,UTC\n",
            "gmt_create,level,message\n2026-11-05 12:05:03,ERROR,x\n",
        ] {
            let found = Collected::from(&CsvLogs::open(text.as_bytes(), &options).unwrap(), text.as_bytes());
            assert_eq!(found.logs[0].timestamp.to_rfc3339(), "2026-11-05T03:05:03Z", "{text}");
            assert_eq!(found.assumed_zone > 0, text.starts_with("gmt"), "{text}");
        }
    }

    #[test]
    fn rows_become_log_records() {
        let text = concat!(
            "时间,level,service,message,status,latency_ms,extra\r\n",
            "2026-11-05 11:05:03,ERROR,pay,\"charge, \"\"failed\"\"\nat line 2\",502,12.5,\r\n",
            "2026-11-05 11:05:04,INFO,pay,ok,200\r\n",
            "soon,INFO,pay,ok,200,1,x\r\n",
        );
        let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "logs.csv");
        let found = Collected::from(&CsvLogs::open(text.as_bytes(), &options).unwrap(), text.as_bytes());
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03Z");
        assert_eq!(log.body.as_deref(), Some("charge, \"failed\"\nat line 2"));
        assert_eq!((log.http_response_status_code, log.duration_ms), (Some(502), Some(12.5)));
        assert_eq!(found.attributes(0), []);
        assert_eq!(found.rejects[0].1, "the row has 5 cells, the header 7");
        assert!(found.rejects[1].1.contains("\"soon\" is not a time"));
        assert_eq!(found.rejects[1].0.record, 3);
    }
}
