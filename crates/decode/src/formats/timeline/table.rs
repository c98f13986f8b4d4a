//! A timeline as a table: one row per entry, of one or several incidents.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::document::json_array;
use super::emit::{Entry, entry_event, timeline_source};
use super::when::{Context, When, parse_when};
use crate::formats::document_text;
use crate::formats::pairs::Pairs;
use crate::formats::table::Table;
use crate::{
    Chunk, DeclaredDocument, DecodeError, DecodeOptions, Decoder, Framing, Header, InputFormat, RecordSink,
};

/// Names of the column with the incident.
pub(crate) const INCIDENT_NAMES: [&str; 3] = ["incident", "incidentid", "故障编号"];
/// Names of the column with the type.
pub(crate) const TYPE_NAMES: [&str; 3] = ["type", "eventtype", "类型"];
/// Names of the column with the time.
pub(crate) const AT_NAMES: [&str; 5] = ["at", "occurredat", "time", "timestamp", "时间"];

/// Reads timelines in tables. They are small and declare all that they hold, like the other timelines,
/// and so are read in one piece.
pub(crate) struct TimelineCsv {
    table: Table,
    zone: Tz,
    source: String,
}

impl TimelineCsv {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Result<Self, DecodeError> {
        let table = Table::read(head, InputFormat::TimelineCsv.as_str())?;
        Ok(Self { table, zone: options.zone, source: timeline_source(&options.source) })
    }
}

impl Decoder for TimelineCsv {
    fn framing(&self) -> Framing {
        Framing::Document
    }

    fn header(&self) -> Option<Header<'_>> {
        Some(self.table.header())
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        if document_text(&chunk, sink).is_none() {
            return;
        }
        let mut declared: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut rows = 0;
        let counted = self.table.count_rows(chunk.bytes, chunk.byte_offset);
        self.table.walk(chunk, sink, &mut |place, row, sink| {
            let (entry, assumed_zone) = entry_of(Pairs::from_row(&self.table, row), self.zone)?;
            if assumed_zone {
                sink.assumed_zone();
            }
            let event = entry_event(entry, &self.source);
            if let Some(incident_id) = event.incident_id.clone() {
                declared.entry(incident_id).or_default().push(event.event_id.clone());
            }
            rows += 1;
            sink.event(place, event);
            Ok(())
        });
        // With a row unread nobody knows what the table declares, and nothing may be retracted.
        if rows == counted {
            for (incident_id, event_ids) in declared {
                sink.declared(DeclaredDocument { incident_id, document: self.source.clone(), event_ids });
            }
        }
    }
}

fn entry_of(mut pairs: Pairs<'_>, workspace_zone: Tz) -> Result<(Entry, bool), String> {
    let incident_id = pairs.take_owned(&INCIDENT_NAMES).ok_or("the row has no incident")?;
    let event_type = pairs.take_owned(&TYPE_NAMES).ok_or("the row has no type, such as mitigated")?;
    let event_type = super::document::known_type(event_type)?;
    let zone = match pairs.take(&["zone", "时区"]) {
        Some(name) => Some(
            crate::time::zone_by_name(&name)
                .ok_or_else(|| format!("zone: {name:?} is no zone such as Asia/Shanghai or +08:00"))?,
        ),
        None => None,
    };
    let date = match pairs.take(&["date", "日期"]) {
        Some(date) => Some(
            NaiveDate::parse_from_str(date.trim(), "%Y-%m-%d")
                .map_err(|_| format!("date: {date:?} is no date such as 2026-11-05"))?,
        ),
        None => None,
    };
    let context = Context { zone: zone.unwrap_or(workspace_zone), zone_is_assumed: zone.is_none(), date };
    let mut when = |names: &[&str]| -> Result<Option<When>, String> {
        pairs.take(names).map(|text| parse_when(&text, context)).transpose()
    };
    let occurred = when(&AT_NAMES)?;
    let recorded = when(&["recordedat", "记录时间"])?;
    let mut entry = Entry {
        incident_id,
        event_type,
        when: occurred,
        recorded,
        id: pairs.take_owned(&["id", "entryid", "编号"]),
        actor: pairs.take_owned(&["by", "actor", "人员"]),
        summary: pairs.take_owned(&["text", "summary", "内容"]),
        service_name: pairs.take_owned(&["service", "servicename", "服务"]),
        attributes: Vec::new(),
    };
    for (name, names) in [("affected", ["affected", "受影响"]), ("unaffected", ["unaffected", "未受影响"])]
    {
        if let Some(list) = pairs.take(&names) {
            let items: Vec<&str> =
                list.split([';', '；', '、', '|']).map(str::trim).filter(|item| !item.is_empty()).collect();
            entry.attributes.push((name.to_owned(), json_array(&items)));
        }
    }
    entry.attributes.extend(pairs.rest_owned());
    let assumed_zone = [occurred, recorded].into_iter().flatten().any(|when| when.assumed_zone);
    Ok((entry, assumed_zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{Collected, types};

    const TABLE: &str = concat!(
        "incident,id,date,at,type,by,text,service,affected,channel\n",
        "INC-1,t1,2026-11-05,11:05,impact_started,值班,下单失败,order,,\n",
        "INC-1,t2,2026-11-05,~11:15,notice_published,,受影响,,下单、支付,app\n",
        "INC-2,t1,,2026-11-06 10:00:00Z,mitigated,,,,,\n",
    );

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "timeline.csv");
        Collected::from(&TimelineCsv::open(text.as_bytes(), &options).unwrap(), text.as_bytes())
    }

    #[test]
    fn rows_are_entries() {
        let found = decode(TABLE);
        assert_eq!(found.rejects, []);
        assert_eq!(
            found.events[0].occurred_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
            Some("2026-11-05T03:05:00Z")
        );
        assert_eq!(found.events[1].precision, fupan_model::Precision::Range);
        assert!(
            found.events[1].attributes.contains(&("affected".to_owned(), "[\"下单\",\"支付\"]".to_owned()))
        );
        assert_eq!(found.places.iter().map(|place| place.record).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(found.assumed_zone, 2);
        let declared: Vec<_> =
            found.declared.iter().map(|one| (one.incident_id.as_str(), one.event_ids.len())).collect();
        assert_eq!(declared, [("INC-1", 2), ("INC-2", 1)]);
    }

    #[test]
    fn types_are_told_by_their_chinese_words() {
        let table = "故障编号,编号,时间,类型,内容\nINC-1,t1,2026-11-05 11:05,发现,下单失败\nINC-1,t2,2026-11-05 11:40,已止血,切流\nINC-1,t3,2026-11-05 11:42,观察,看曲线\n";
        let found = decode(table);
        assert_eq!(found.rejects, []);
        assert_eq!(types(&found), ["detected", "mitigated", "观察"]);
    }

    #[test]
    fn a_bad_row_retracts_nothing() {
        let found = decode(&TABLE.replace("2026-11-06 10:00:00Z", "later"));
        assert_eq!((found.events.len(), found.rejects.len(), found.declared.len()), (2, 1, 0));
        assert_eq!(found.rejects[0].0.record, 3);
    }
}
