//! The thread that reads: opens a source or the members of an archive, tells what each is, and cuts it.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

use fupan_decode::{DecodeOptions, Decoder, Detection, Encoding, InputFormat, Origin};
use fupan_model::Micros;
use fupan_model::events::event_id;
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

use crate::SourceProblem;
use crate::archive::{self, Member, Visit};
use crate::chunks::{Chunker, Cut};
use crate::decode::SourceFacts;
use crate::guard::Privacy;
use crate::holes::fill_head;
use crate::known::KnownChunks;
use crate::pipeline::{IngestSettings, Progress};
use crate::reader::{Decompressed, FromDisk, Inflation, PACKAGE, Text, into_error};
use crate::source::{Source, SourcePlace, document_name, folder_of, member_name};

/// What the reading thread sends, in order. A source gives one stream, an archive one for each member.
pub(crate) enum Piece {
    /// A stream begins.
    Begin {
        name: String,
        is_explicit: bool,
    },
    /// Its format is known.
    Opened(Box<SourceFacts>, String, Arc<dyn Decoder>),
    Cut(Box<Cut>),
    /// It has ended, or why it could not be read on; what it brought is known to the next one.
    End {
        problem: Option<SourceProblem>,
        known: oneshot::Sender<Arc<KnownChunks>>,
    },
}

pub(crate) struct Reading<'a> {
    pub(crate) settings: &'a IngestSettings,
    pub(crate) known: Arc<KnownChunks>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) pieces: Sender<Piece>,
}

/// Nobody listens any more: the whole ingest has ended.
struct Unheard;

/// Enough to tell an archive from a stream.
const MAGIC_BYTES: usize = 512;

impl Reading<'_> {
    /// Reads one source to its end.
    pub(crate) fn source(&mut self, source: &Source) {
        let outcome = self.open(source);
        if let Err(problem) = outcome {
            // What stops an archive as a whole is told of the archive.
            let _ = self.only_problem(&source.name, source.is_explicit, problem);
        }
    }

    fn open(&mut self, source: &Source) -> Result<(), SourceProblem> {
        let unreadable = |error: std::io::Error| SourceProblem::Unreadable { reason: error.to_string() };
        let mut raw = source.open().map_err(unreadable)?;
        let mut magic = Vec::new();
        raw.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut magic).map_err(unreadable)?;
        let is_zip = archive::is_zip(&magic);
        let whole = Cursor::new(magic).chain(raw);
        match (&source.place, is_zip) {
            (SourcePlace::File(path), true) => {
                let inflation = Inflation::of_size(source.size().unwrap_or_default());
                self.members(source, &inflation, |visit| archive::zip_file_members(path, visit))
            }
            (SourcePlace::Stdin | SourcePlace::Object(_), true) => {
                let inflation = Inflation::default();
                let stream = FromDisk::new(Box::new(whole), inflation.clone());
                self.members(source, &inflation, |visit| archive::zip_stream_members(stream, visit))
            }
            (_, false) => self.stream_or_tar(source, Box::new(whole)),
        }
    }

    fn stream_or_tar(&mut self, source: &Source, raw: Box<dyn Read + '_>) -> Result<(), SourceProblem> {
        let inflation = Inflation::default();
        let mut bytes = Decompressed::new(Box::new(FromDisk::new(raw, inflation.clone())))?;
        let mut head = Vec::new();
        let head_problem = fill_head(&mut bytes, &mut head, fupan_decode::limits::HEAD_BYTES_MAX).err();
        if archive::is_tar(&head) {
            let damage = Damage(head_problem);
            let stream = Cursor::new(head).chain(damage).chain(bytes);
            return self.members(source, &inflation, |visit| archive::tar_members(stream, visit));
        }
        let stream = Stream {
            name: source.name.clone(),
            place: source.place_digits(),
            is_explicit: source.is_explicit,
            modified_at: source.modified_at(),
            folder: source.folder(),
        };
        let _ = self.begin(&stream);
        let problem = self.cut_stream(&stream, head, head_problem, bytes, inflation).err();
        let _ = self.end(problem);
        Ok(())
    }

    /// Each member as a stream of its own.
    fn members(
        &mut self,
        source: &Source,
        inflation: &Inflation,
        read: impl FnOnce(&mut Visit<'_>) -> Result<(), SourceProblem>,
    ) -> Result<(), SourceProblem> {
        let mut bomb = None;
        let mut seen = 0_u64;
        let mut counts: HashMap<String, u64> = HashMap::new();
        read(&mut |mut member| {
            seen += 1;
            // Archives may hold several files of one name: they are as many sources.
            let count = counts.entry(member.name.clone()).or_default();
            *count += 1;
            if *count > 1 {
                member.name = numbered(&member.name, *count);
            }
            match self.member(source, inflation, member) {
                Ok(Some(problem @ SourceProblem::Bomb { .. })) => {
                    bomb = Some(problem);
                    false
                }
                Ok(_) => true,
                Err(Unheard) => false,
            }
        })?;
        if let Some(problem) = bomb {
            return Err(problem);
        }
        if seen == 0 {
            return Err(fupan_decode::DecodeError::Empty.into());
        }
        Ok(())
    }

    /// Reads a member; answers what was wrong with it.
    fn member(
        &mut self,
        source: &Source,
        inflation: &Inflation,
        member: Member<'_>,
    ) -> Result<Option<SourceProblem>, Unheard> {
        let name = member_name(&source.name, &member.name);
        // As in a folder, what is no data does not make the command fail.
        let stream = Stream {
            name,
            place: source.place_digits(),
            is_explicit: false,
            modified_at: member.modified_at,
            folder: folder_of(&member.name).map(str::to_owned),
        };
        self.begin(&stream)?;
        let problem = member
            .content
            .and_then(|content| {
                let mut bytes = Decompressed::new(Box::new(content))?;
                let mut head = Vec::new();
                let head_problem =
                    fill_head(&mut bytes, &mut head, fupan_decode::limits::HEAD_BYTES_MAX).err();
                self.cut_stream(&stream, head, head_problem, bytes, inflation.clone())
            })
            .err();
        self.end(problem.clone())?;
        Ok(problem)
    }

    fn send(&self, piece: Piece) -> Result<(), Unheard> {
        self.pieces.blocking_send(piece).map_err(|_| Unheard)
    }

    fn begin(&self, stream: &Stream) -> Result<(), Unheard> {
        self.send(Piece::Begin { name: stream.name.clone(), is_explicit: stream.is_explicit })
    }

    fn end(&mut self, problem: Option<SourceProblem>) -> Result<(), Unheard> {
        let (sender, receiver) = oneshot::channel();
        // Let go, so that what is new can be added without copying all.
        self.known = Arc::default();
        self.send(Piece::End { problem, known: sender })?;
        self.known = receiver.blocking_recv().map_err(|_| Unheard)?;
        Ok(())
    }

    fn only_problem(&mut self, name: &str, is_explicit: bool, problem: SourceProblem) -> Result<(), Unheard> {
        self.send(Piece::Begin { name: name.to_owned(), is_explicit })?;
        self.end(Some(problem))
    }

    /// Tells what the stream is and cuts it. `head` was taken off `bytes` already.
    fn cut_stream(
        &self,
        stream: &Stream,
        mut head: Vec<u8>,
        mut head_problem: Option<SourceProblem>,
        bytes: Decompressed<'_>,
        inflation: Inflation,
    ) -> Result<(), SourceProblem> {
        // A damaged head is told by the decoder only if nothing at all can be read of it.
        if let Some(problem) = head_problem.clone().filter(|_| head.is_empty()) {
            return Err(problem);
        }
        let wanted = fupan_decode::limits::HEAD_BYTES_MAX;
        let options = DecodeOptions {
            zone: self.settings.zone,
            source: document_name(&stream.name).to_owned(),
            folder: stream.folder.clone(),
            mappings: self.settings.mappings.clone(),
            format: self.settings.format,
            pseudonyms: Some(self.settings.pseudonyms.clone()),
        };
        // A spreadsheet is no text, whatever the texts beside it are in.
        let declared = self.settings.encoding.filter(|_| !head.starts_with(PACKAGE));
        let encoding = Encoding::of_source(&head, head.len() < wanted, declared, &options);
        let transcoded_from = encoding.as_ref().map(|found| found.encoding);
        let mut text = Text::new(std::mem::take(&mut head), bytes, transcoded_from, inflation);
        let problem = text.fill(&mut head, wanted).err();
        head_problem = head_problem.or(problem);
        // Nothing but a hole before what is wrong.
        if let Some(problem) = head_problem.clone().filter(|_| head.is_empty()) {
            return Err(problem);
        }
        let detection = fupan_decode::detect(&head, head.len() < wanted, &options)?;
        let origin = Origin { modified_at: stream.modified_at, transcoded_from, ..Origin::default() };
        let decoder: Arc<dyn Decoder> = fupan_decode::open_from(&detection, &head, &options, origin)?.into();
        let facts = self.facts(stream, &detection, encoding.as_ref().map(|found| found.encoding.name()));
        let reason = match &encoding {
            Some(found) => format!("{}; {}: {}", detection.reason, found.encoding.name(), found.reason),
            None => detection.reason,
        };
        let opened = Piece::Opened(Box::new(facts.clone()), reason, Arc::clone(&decoder));
        let mut chunker =
            Chunker::new(text, head, decoder.as_ref(), &self.known, &facts, self.settings.replace);
        if self.send(opened).is_err() {
            return Ok(());
        }
        if let Some(problem) = head_problem {
            chunker.stop_at_head(problem);
        }
        while let Some(cut) = chunker.next() {
            self.progress.position(chunker.compressed());
            if self.send(Piece::Cut(Box::new(cut))).is_err() {
                break;
            }
        }
        chunker.problem().map_or(Ok(()), Err)
    }

    fn facts(&self, stream: &Stream, detection: &Detection, encoding: Option<&str>) -> SourceFacts {
        let settings = self.settings;
        let zone = settings.zone.name().to_owned();
        // Rows that replace others are rows of their own, also where the way of reading is the same: what
        // they replace may be damaged.
        let again = if settings.replace { settings.now.0.to_string() } else { String::new() };
        let mapping = detection
            .mapping
            .as_ref()
            .and_then(|name| settings.mappings.iter().find(|mapping| mapping.name == *name));
        let mapping_text = mapping.map(|mapping| format!("{mapping:?}")).unwrap_or_default();
        let format = detection.format;
        // What has no year cannot be read without the time of writing.
        let takes_year = matches!(format, InputFormat::Syslog | InputFormat::TextLog);
        let reading_in = |encoding: Option<&str>| {
            let mut reading = vec!["reading", format.as_str(), &mapping_text, &zone, &again];
            reading.extend(encoding);
            reading
                .extend((takes_year && stream.modified_at.is_none()).then_some("written at an unknown time"));
            // Texts as they are make other rows of the same bytes.
            reading.extend(settings.keep_raw.then_some("raw"));
            event_id(&reading)
        };
        let others = Encoding::USUAL.iter().map(|other| Some(other.name())).chain([None]);
        let others = others.filter(|other| *other != encoding).map(reading_in);
        let privacy = Privacy {
            keep_raw: settings.keep_raw,
            has_personal_fields: mapping.is_some_and(|mapping| !mapping.personal().is_empty()),
            pseudonyms: settings.pseudonyms.clone(),
        };
        SourceFacts {
            source: stream.name.clone(),
            source_place: stream.place.clone(),
            input_format: format.as_str().to_owned(),
            mapping: detection.mapping.clone(),
            has_own_keys: format.has_own_keys(),
            reading: reading_in(encoding),
            in_other_encodings: Arc::new(others.collect()),
            zone,
            privacy,
            ingested_at: settings.now,
            software_version: settings.software_version.clone(),
        }
    }
}

/// `logs/app.log` → `logs/app~2.log`.
fn numbered(name: &str, number: u64) -> String {
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    let end = name.rfind('.').filter(|dot| *dot > file).unwrap_or(name.len());
    let (stem, ending) = name.split_at(end);
    format!("{stem}~{number}{ending}")
}

/// A file, or a member of an archive.
struct Stream {
    name: String,
    /// Digits of where it lies, or the archive that it is in.
    place: Option<String>,
    is_explicit: bool,
    modified_at: Option<Micros>,
    /// Name of the folder that it lies in.
    folder: Option<String>,
}

/// Damage that was met before: gives nothing, or the error again.
struct Damage(Option<SourceProblem>);

impl Read for Damage {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.0.take().map_or(Ok(0), |problem| Err(into_error(problem)))
    }
}
