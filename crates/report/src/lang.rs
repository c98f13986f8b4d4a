//! Which language does the report speak?

use serde::{Deserialize, Serialize};

use crate::model::Words;

/// The languages of reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese (simplified).
    Zh,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The language of a tag such as `en`, `zh`, `zh-CN`.
    pub fn by_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "zh" => Some(Self::Zh),
            _ => None,
        }
    }

    /// `en` or `zh`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The report's file name: `postmortem.md` or `postmortem.zh.md`.
    pub const fn report_file(self) -> &'static str {
        match self {
            Self::En => "postmortem.md",
            Self::Zh => "postmortem.zh.md",
        }
    }

    /// The one of both that is in this language.
    pub const fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }

    /// The sentence in this language; the other one where it is missing.
    pub fn words(self, words: &Words) -> &str {
        let (first, second) = match self {
            Self::En => (&words.en, &words.zh),
            Self::Zh => (&words.zh, &words.en),
        };
        if first.is_empty() { second } else { first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_with_regions_are_understood() {
        assert_eq!(Lang::by_tag("zh-CN"), Some(Lang::Zh));
        assert_eq!(Lang::by_tag("EN_us"), Some(Lang::En));
        assert_eq!(Lang::by_tag("fr"), None);
    }

    #[test]
    fn a_missing_translation_falls_back() {
        assert_eq!(Lang::Zh.words(&Words::new("only English", "")), "only English");
    }
}
