//! Which charts does a report have, and what do they share?
//!
//! SVG is the master, in a light and a dark variant. The title says the finding; labels stand where
//! they belong instead of in a legend; one accent colour means the incident. A chart without data is
//! left out, and the text says why. The same series give the same bytes.

mod axis;
mod candidates;
mod canvas;
mod heat;
mod lanes;
mod requests;
mod theme;
mod users;

use canvas::Canvas;
use theme::Theme;

use crate::{error::ReportError, format::Locale, lang::Lang, model::IncidentReport};

pub(crate) use canvas::{FONT_BOLD, FONT_REGULAR};

/// Width of all charts in pixels.
const WIDTH: f64 = 960.0;
/// Room at the left for the labels of the vertical axis.
const LEFT: f64 = 66.0;
/// Room at the right.
const RIGHT: f64 = 24.0;

/// A drawn chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    /// `requests`, `users`, `services`, `timeline`, `candidates`.
    pub(crate) id: &'static str,
    /// The finding.
    pub(crate) title: String,
    /// What is drawn, for those who do not see it.
    pub(crate) description: String,
    /// SVG for light pages.
    pub(crate) light: String,
    /// SVG for dark pages.
    pub(crate) dark: String,
}

impl Chart {
    /// Paths of the light and the dark file, relative to the report.
    pub(crate) fn paths(&self, lang: Lang) -> [String; 2] {
        let tag = match lang {
            Lang::En => "",
            Lang::Zh => ".zh",
        };
        [format!("charts/{}{tag}.light.svg", self.id), format!("charts/{}{tag}.dark.svg", self.id)]
    }
}

/// What a chart says about itself.
struct Caption {
    id: &'static str,
    title: String,
    subtitle: String,
    description: String,
}

/// Draws a chart in both themes.
///
/// `draw` gets the canvas and the y below the heading; `height` is what it needs below that.
fn both(
    caption: Caption,
    height: f64,
    draw: impl Fn(&mut Canvas, f64) -> Result<(), String>,
) -> Result<Chart, ReportError> {
    let failed = |reason: String| ReportError::Chart { chart: caption.id, reason };
    let lines =
        canvas::heading_lines(&caption.title, &caption.subtitle, WIDTH - 2.0 * RIGHT).map_err(failed)?;
    let one = |theme: &'static Theme| -> Result<String, String> {
        let mut canvas = Canvas::new(WIDTH, lines.height() + height, theme)?;
        canvas.heading(&lines);
        draw(&mut canvas, lines.height())?;
        canvas.finish(caption.id, &caption.title, &caption.description)
    };
    let (light, dark) = (one(&theme::LIGHT).map_err(failed)?, one(&theme::DARK).map_err(failed)?);
    Ok(Chart { id: caption.id, title: caption.title, description: caption.description, light, dark })
}

/// All charts for which there are data.
pub(crate) fn draw_all(report: &IncidentReport, locale: Locale) -> Result<Vec<Chart>, ReportError> {
    canvas::register_fonts()?;
    let drawn = [
        requests::draw(report, locale)?,
        users::draw(report, locale)?,
        heat::draw(report, locale)?,
        lanes::draw(report, locale)?,
        candidates::draw(report, locale)?,
    ];
    Ok(drawn.into_iter().flatten().collect())
}
