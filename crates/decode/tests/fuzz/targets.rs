//! What is fuzzed, and how one input goes through it.

use std::io::Read;
use std::sync::LazyLock;

use fupan_decode::{
    DecodeOptions, Detection, Encoding, InputFormat, Mapping, Origin, Transcoding, detect, open_from,
    suggest_mapping, time,
};
use fupan_model::Micros;

use crate::check::check;
use crate::random::Random;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The decoder of a format, told by a flag.
    Format(InputFormat),
    /// Sources that the mappings of the documentation read.
    Mapped,
    /// A mapping file of somebody's own, and what it makes of sources.
    MappingFile,
    MappingSuggest,
    /// Sources in other encodings.
    Encodings,
    /// Whatever it is told to be.
    Detection,
    Times,
}

impl Target {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let rest = [
            Self::Mapped,
            Self::MappingFile,
            Self::MappingSuggest,
            Self::Encodings,
            Self::Detection,
            Self::Times,
        ];
        InputFormat::ALL.into_iter().map(Self::Format).chain(rest)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Format(format) => format.as_str(),
            Self::Mapped => "mapped",
            Self::MappingFile => "mapping-file",
            Self::MappingSuggest => "mapping-suggest",
            Self::Encodings => "encodings",
            Self::Detection => "detection",
            Self::Times => "times",
        }
    }

    pub(crate) fn reads_packages(self) -> bool {
        self == Self::Format(InputFormat::Xlsx)
    }
}

static MAPPINGS: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    crate::seeds::mappings()
        .iter()
        .map(|text| Mapping::parse(text).expect("a mapping of the documentation is right"))
        .collect()
});

/// The fixtures that a mapping file of anybody's may meet.
static SOURCES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mappings");
    crate::seeds::files(&folder)
        .iter()
        .map(|file| std::fs::read(file).expect("a fixture can be read"))
        .collect()
});

fn options(random: &mut Random) -> DecodeOptions {
    let zone = random.pick(&[chrono_tz::Asia::Shanghai, chrono_tz::UTC, chrono_tz::America::New_York]);
    DecodeOptions::new(zone, random.pick(&["source.json", "inc-41/2026-11-05.json", "源", ""]))
}

fn origin(random: &mut Random) -> Origin {
    let instants = [None, Some(Micros(1_793_849_103_250_000)), Some(Micros(0)), Some(Micros(i64::MAX))];
    Origin {
        modified_at: random.pick(&instants),
        scraped_at: random.pick(&instants),
        transcoded_from: random.one_in(16).then_some(Encoding::GB18030),
    }
}

pub(crate) fn execute(target: Target, input: &[u8], random: &mut Random) -> Result<(), String> {
    let mut options = options(random);
    match target {
        Target::Format(format) => {
            let detection = Detection::new(format, String::new());
            options.format = random.one_in(2).then_some(format);
            decode(&detection, input, &options, random)
        }
        Target::Mapped => {
            let mapping = MAPPINGS[random.below(MAPPINGS.len())].clone();
            mapped(mapping, input, options, random)
        }
        Target::MappingFile => {
            let Ok(mapping) = Mapping::parse(&String::from_utf8_lossy(input)) else { return Ok(()) };
            let source = &SOURCES[random.below(SOURCES.len())];
            mapped(mapping, source, options, random)
        }
        Target::MappingSuggest => {
            let Ok(text) = suggest_mapping(input, &options) else { return Ok(()) };
            let mapping = Mapping::parse(&text)
                .map_err(|error| format!("the suggested mapping cannot be read: {error}\n{text}"))?;
            mapped(mapping, input, options, random)
        }
        Target::Encodings => encodings(input, options, random),
        Target::Detection => {
            options.mappings.clone_from(&MAPPINGS);
            told(input, &options, random)
        }
        Target::Times => {
            let text = String::from_utf8_lossy(input);
            let _ = time::parse_instant(&text, options.zone);
            for format in
                ["%Y-%m-%d %H:%M:%S", "%b %d, %Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S%.f %z", "%s", &text]
            {
                let _ = time::parse_with_format(&text, format, options.zone);
            }
            Ok(())
        }
    }
}

fn mapped(
    mapping: Mapping,
    input: &[u8],
    mut options: DecodeOptions,
    random: &mut Random,
) -> Result<(), String> {
    // The mapping says the format, whatever stands here.
    let detection =
        Detection { mapping: Some(mapping.name.clone()), ..Detection::new(InputFormat::JsonLines, "") };
    let _ = Encoding::of_source(input, true, None, &options);
    options.mappings = vec![mapping];
    decode(&detection, input, &options, random)
}

/// In the way of an ingest: transcoded where that is told, then whatever it is told to be.
fn encodings(input: &[u8], mut options: DecodeOptions, random: &mut Random) -> Result<(), String> {
    const NAMES: [&str; 6] = ["gbk", "utf-16le", "utf-16be", "latin1", "shift_jis", "big5"];
    let declared = random.one_in(2).then(|| Encoding::by_name(random.pick(&NAMES))).flatten();
    options.mappings.clone_from(&MAPPINGS);
    let Some(found) = Encoding::of_source(input, random.one_in(2), declared, &options) else {
        return told(input, &options, random);
    };
    let mut text = Vec::new();
    Transcoding::new(input, found.encoding).read_to_end(&mut text).map_err(|error| error.to_string())?;
    if std::str::from_utf8(&text).is_err() {
        return Err("the transcoded text is not UTF-8".to_owned());
    }
    told(&text, &options, random)
}

fn told(input: &[u8], options: &DecodeOptions, random: &mut Random) -> Result<(), String> {
    let cut = random.below(input.len() + 1);
    let _ = detect(&input[..cut], false, options);
    let Ok(detection) = detect(input, true, options) else { return Ok(()) };
    decode(&detection, input, options, random)
}

fn decode(
    detection: &Detection,
    input: &[u8],
    options: &DecodeOptions,
    random: &mut Random,
) -> Result<(), String> {
    let origin = origin(random);
    let Ok(decoder) = open_from(detection, input, options, origin) else { return Ok(()) };
    check(decoder.as_ref(), detection, input, random)
}
