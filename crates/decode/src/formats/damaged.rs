//! Which records did a wrong or damaged encoding spoil?
//!
//! Transcoding puts U+FFFD where it can read nothing. Such a record would pass for text and be wrong;
//! it is rejected instead, and says why.

use memchr::memmem;

use super::reject;
use crate::framing::Records;
use crate::{Chunk, Decoder, Encoding, Framing, Header, Place, RecordSink};

/// Rejects damaged records and leaves the others to the decoder of the format.
pub(crate) struct RejectDamaged {
    pub(crate) inner: Box<dyn Decoder>,
    pub(crate) encoding: Encoding,
}

const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

impl Decoder for RejectDamaged {
    fn framing(&self) -> Framing {
        self.inner.framing()
    }

    fn record_bytes_max(&self) -> usize {
        self.inner.record_bytes_max()
    }

    fn count_records(&self, bytes: &[u8], byte_offset: u64) -> u64 {
        self.inner.count_records(bytes, byte_offset)
    }

    fn banner_records(&self) -> u64 {
        self.inner.banner_records()
    }

    fn header(&self) -> Option<Header<'_>> {
        self.inner.header()
    }

    fn name_of_source(&self) -> Option<&str> {
        self.inner.name_of_source()
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let Some(first) = memmem::find(chunk.bytes, REPLACEMENT) else {
            return self.inner.decode(chunk, sink);
        };
        if self.framing() == Framing::Document {
            let place = Place { record: chunk.first_record, byte_offset: chunk.byte_offset };
            let reason = format!(
                "the document holds bytes that are no {} text (the first near byte {first} of its text)",
                self.encoding.name()
            );
            return reject(sink, place, reason, chunk.bytes);
        }
        let mut good = Run { start: 0, first_record: chunk.first_record };
        let mut next_record = chunk.first_record;
        let mut records = Records::new(self.framing(), chunk.bytes);
        // What is between the bytes of records, such as a mark or a hole, belongs to one of them: a run of others that
        // began or ended with it would have one record more.
        let mut end = 0;
        while let Some(record) = records.next() {
            let start = std::mem::replace(&mut end, records.end());
            let byte_offset = chunk.byte_offset + record.offset as u64;
            let is_header = self.inner.count_records(record.bytes, byte_offset) == 0;
            let place = Place { record: next_record, byte_offset };
            next_record += u64::from(!is_header);
            if is_header || memmem::find(record.bytes, REPLACEMENT).is_none() {
                continue;
            }
            self.decode_run(&chunk, &good, start, sink);
            let reason = format!(
                "the record holds bytes that are no {} text (shown as U+FFFD); is it another encoding?",
                self.encoding.name()
            );
            reject(sink, place, reason, record.bytes);
            good = Run { start: end, first_record: next_record };
        }
        self.decode_run(&chunk, &good, chunk.bytes.len(), sink);
    }
}

/// Records in a row that are fine.
struct Run {
    start: usize,
    first_record: u64,
}

impl RejectDamaged {
    fn decode_run(&self, chunk: &Chunk<'_>, run: &Run, end: usize, sink: &mut dyn RecordSink) {
        let bytes = chunk.bytes.get(run.start..end).unwrap_or_default();
        if !bytes.is_empty() {
            let byte_offset = chunk.byte_offset + run.start as u64;
            self.inner.decode(Chunk { bytes, first_record: run.first_record, byte_offset }, sink);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::testing::Collected;
    use crate::{DecodeOptions, Encoding, Origin, detect, open_from};

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "源");
        let origin = Origin { transcoded_from: Some(Encoding::GB18030), ..Origin::default() };
        let detection = detect(text.as_bytes(), true, &options).unwrap();
        let decoder = open_from(&detection, text.as_bytes(), &options, origin).unwrap();
        let whole = Collected::from(decoder.as_ref(), text.as_bytes());
        for size in 1..text.len() {
            assert_eq!(Collected::in_chunks(decoder.as_ref(), text.as_bytes(), size), whole);
        }
        whole
    }

    #[test]
    fn a_damaged_record_is_rejected_and_its_neighbours_are_not() {
        let found = decode(concat!(
            "2026-11-05 11:05:03 INFO 支付\n",
            "2026-11-05 11:05:04 INFO 支\u{FFFD}\n\tat x\n",
            "2026-11-05 11:05:05 INFO 完成\n",
        ));
        assert_eq!(found.logs.len(), 2);
        assert_eq!(found.places.iter().map(|place| place.record).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(found.rejects[0].1.contains("no GB18030 text"), "{}", found.rejects[0].1);
    }

    #[test]
    fn marks_and_holes_around_a_damaged_record_are_no_records() {
        let found = decode(concat!(
            "2026-11-05 11:05:03 INFO 支付\n",
            "\u{FEFF}2026-11-05 11:05:04 INFO 支\u{FFFD}\r\n",
            "\u{FEFF}2026-11-05 11:05:05 INFO 支\u{FFFD}\r\n",
            "2026-11-05 11:05:06 INFO 完成\n",
            "2026-11-05 11:05:07 INFO 支\u{FFFD}\r\n\0",
        ));
        assert_eq!((found.logs.len(), found.rejects.len()), (2, 3));
        assert_eq!(found.logs[0].body.as_deref(), Some("支付"));
        let records: Vec<u64> = found.places.iter().map(|place| place.record).collect();
        assert_eq!(records, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_header_is_no_record() {
        let found =
            decode("时间,级别,消息\n2026-11-05 11:05:03,INFO,\u{FFFD}\n2026-11-05 11:05:04,INFO,好\n");
        assert_eq!((found.logs.len(), found.rejects[0].0.record), (1, 1));
        assert_eq!(found.places[1].record, 2);
    }

    #[test]
    fn a_document_says_so_as_a_whole() {
        let found = decode("[{\"ts\":1793849103,\"msg\":\"\u{FFFD}\"}]");
        assert_eq!((found.logs.len(), found.rejects.len()), (0, 1));
        assert!(found.rejects[0].1.contains("the document holds bytes"));
    }
}
