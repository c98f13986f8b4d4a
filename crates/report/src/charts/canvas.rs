//! What does one draw with? Lines, boxes and text in pixels, upon the SVG backend of plotters.
//!
//! The backend knows whole numbers only, so everything is drawn ten times as large and the view box
//! scales it down: a tenth of a pixel is fine enough, and the same numbers give the same bytes.

use std::sync::OnceLock;

use plotters::{
    prelude::{Color, DrawingBackend, FontFamily, FontStyle, SVGBackend},
    style::{
        FontDesc, RGBColor, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::theme::Theme;
use crate::{error::ReportError, escape};

/// Noto Sans SC, a subset; see `fonts/README.md`.
pub(crate) static FONT_REGULAR: &[u8] = include_bytes!("../../fonts/NotoSansSC-Regular.subset.ttf");
/// Noto Sans SC Bold, a subset.
pub(crate) static FONT_BOLD: &[u8] = include_bytes!("../../fonts/NotoSansSC-Bold.subset.ttf");

/// The families of all text: ours first, then what viewers have for Chinese.
const FAMILY: &str = "Noto Sans SC, Noto Sans CJK SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, \
                      Hiragino Sans GB, WenQuanYi Micro Hei, sans-serif";

/// Units of the backend per pixel.
const UNITS: f64 = 10.0;
/// Line height of the font in ems: what the measuring library takes for "size".
const LINE_EMS: f64 = 1.448;
/// The SVG backend divides sizes by this.
const BACKEND_SIZE: f64 = 1.24;
/// Viewers bring their own fonts, some of them wider.
const SLACK: f64 = 1.15;

/// Makes the fonts known to plotters, once.
pub(super) fn register_fonts() -> Result<(), ReportError> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        plotters::style::register_font(FAMILY, FontStyle::Normal, FONT_REGULAR).is_ok()
            && plotters::style::register_font(FAMILY, FontStyle::Bold, FONT_BOLD).is_ok()
    });
    if *done { Ok(()) } else { Err(ReportError::Font) }
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) color: RGBColor,
    pub(super) anchor: HPos,
}

impl Type {
    pub(super) fn new(size: f64, color: RGBColor) -> Self {
        Self { size, bold: false, color, anchor: HPos::Left }
    }

    pub(super) fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    pub(super) fn right(mut self) -> Self {
        self.anchor = HPos::Right;
        self
    }

    pub(super) fn center(mut self) -> Self {
        self.anchor = HPos::Center;
        self
    }
}

/// Width of a text in pixels, with slack for other fonts.
pub(super) fn text_width(text: &str, size: f64, bold: bool) -> Result<f64, String> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = FontDesc::new(FontFamily::Name(FAMILY), size * UNITS * LINE_EMS, style);
    let ((left, _), (right, _)) = font.layout_box(text).map_err(|error| error.to_string())?;
    Ok(f64::from(right - left) / UNITS * SLACK)
}

/// The text, cut with `…` where it is wider than `width`.
pub(super) fn fitted(text: &str, width: f64, size: f64, bold: bool) -> Result<String, String> {
    let text = escape::visible(text);
    if text_width(&text, size, bold)? <= width {
        return Ok(text);
    }
    let letters: Vec<char> = text.chars().collect();
    // The longest prefix that fits, by halves: width grows with length.
    let (mut fits, mut fails) = (0, letters.len());
    while fits + 1 < fails {
        let middle = usize::midpoint(fits, fails);
        if text_width(&prefix(&letters, middle), size, bold)? <= width {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    Ok(prefix(&letters, fits))
}

fn prefix(letters: &[char], length: usize) -> String {
    let mut text: String = letters.iter().take(length).collect();
    text.truncate(text.trim_end().len());
    text.push('…');
    text
}

/// Title and subtitle, cut into lines.
pub(super) struct HeadingLines {
    title: Vec<String>,
    subtitle: Vec<String>,
}

impl HeadingLines {
    pub(super) fn height(&self) -> f64 {
        20.0 + 25.0 * self.title.len() as f64 + 19.0 * self.subtitle.len() as f64 + 10.0
    }
}

const TITLE_SIZE: f64 = 18.0;
const SUBTITLE_SIZE: f64 = 13.0;

/// Cuts title and subtitle into at most two lines each.
pub(super) fn heading_lines(title: &str, subtitle: &str, width: f64) -> Result<HeadingLines, String> {
    Ok(HeadingLines {
        title: wrapped(title, width, TITLE_SIZE, true)?,
        subtitle: wrapped(subtitle, width, SUBTITLE_SIZE, false)?,
    })
}

/// The text in at most two lines, broken at a space or after a CJK character.
fn wrapped(text: &str, width: f64, size: f64, bold: bool) -> Result<Vec<String>, String> {
    let text = escape::visible(text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if text_width(&text, size, bold)? <= width {
        return Ok(vec![text]);
    }
    let letters: Vec<char> = text.chars().collect();
    let mut best: Option<(bool, usize, String)> = None;
    for index in 1..letters.len() {
        let Some(after_mark) = break_at(&letters, index) else { continue };
        let line: String = letters.iter().take(index).collect();
        if text_width(&line, size, bold)? > width {
            break;
        }
        // After a comma in the second half rather than in the middle of "40 min".
        let is_late = index * 5 > letters.len() * 2;
        if after_mark && is_late || best.as_ref().is_none_or(|(marked, _, _)| !marked) {
            best = Some((after_mark && is_late, index, line));
        }
    }
    match best {
        Some((_, index, line)) => {
            let rest: String = letters.iter().skip(index).collect();
            Ok(vec![line, fitted(rest.trim(), width, size, bold)?])
        }
        None => Ok(vec![fitted(&text, width, size, bold)?]),
    }
}

/// Whether a line may end before the letter at `index`, and whether a comma ends there.
fn break_at(letters: &[char], index: usize) -> Option<bool> {
    const MARKS: &str = ",;，；。、";
    let (before, here) = (letters.get(index.checked_sub(1)?)?, letters.get(index)?);
    if is_wide(*before) || is_wide(*here) {
        let closes = "，；。、：）”".contains(*here) || here.is_ascii_punctuation();
        return (!closes).then(|| MARKS.contains(*before));
    }
    (*here == ' ').then(|| MARKS.contains(*before))
}

fn is_wide(letter: char) -> bool {
    u32::from(letter) >= 0x2E80
}

/// A drawing in pixels.
pub(super) struct Canvas {
    svg: String,
    width: f64,
    height: f64,
    pub(super) theme: &'static Theme,
    shapes: Vec<Shape>,
}

/// What will be drawn; kept until the end because the backend borrows its buffer.
enum Shape {
    Line { points: Vec<(i32, i32)>, color: RGBColor, alpha: f64, width: u32 },
    Box { from: (i32, i32), to: (i32, i32), color: RGBColor, alpha: f64 },
    Area { points: Vec<(i32, i32)>, color: RGBColor, alpha: f64 },
    Dot { at: (i32, i32), radius: u32, color: RGBColor, filled: bool },
    Text { at: (i32, i32), text: String, kind: Type },
}

fn units(value: f64) -> i32 {
    (value * UNITS).round() as i32
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    (units(x), units(y))
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64, theme: &'static Theme) -> Result<Self, String> {
        if !(width.is_finite() && height.is_finite()) {
            return Err("the size is not a number".to_owned());
        }
        let mut canvas = Self { svg: String::new(), width, height, theme, shapes: Vec::new() };
        canvas.rect(0.0, 0.0, width, height, theme.background);
        Ok(canvas)
    }

    pub(super) fn heading(&mut self, lines: &HeadingLines) {
        let mut y = 30.0;
        for line in &lines.title {
            self.text(RIGHT_MARGIN, y, line, Type::new(TITLE_SIZE, self.theme.text).bold());
            y += 25.0;
        }
        y -= 2.0;
        for line in &lines.subtitle {
            self.text(RIGHT_MARGIN, y, line, Type::new(SUBTITLE_SIZE, self.theme.muted));
            y += 19.0;
        }
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, color: RGBColor) {
        self.tint(x, y, width, height, color, 1.0);
    }

    pub(super) fn tint(&mut self, x: f64, y: f64, width: f64, height: f64, color: RGBColor, alpha: f64) {
        let (from, to) = (point((x, y)), point((x + width, y + height)));
        self.shapes.push(Shape::Box { from, to, color, alpha });
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), color: RGBColor, width: f64) {
        self.path(&[from, to], color, width);
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], color: RGBColor, width: f64) {
        let points = points.iter().copied().map(point).collect();
        let width = units(width).unsigned_abs();
        self.shapes.push(Shape::Line { points, color, alpha: 1.0, width });
    }

    /// A line of dashes, straight up and down.
    pub(super) fn dashed(&mut self, x: f64, from: f64, to: f64, color: RGBColor, width: f64) {
        let mut y = from;
        while y < to {
            self.line((x, y), (x, (y + 4.0).min(to)), color, width);
            y += 7.0;
        }
    }

    pub(super) fn area(&mut self, points: &[(f64, f64)], color: RGBColor, alpha: f64) {
        let points = points.iter().copied().map(point).collect();
        self.shapes.push(Shape::Area { points, color, alpha });
    }

    pub(super) fn dot(&mut self, at: (f64, f64), radius: f64, color: RGBColor, filled: bool) {
        let radius = units(radius).unsigned_abs();
        self.shapes.push(Shape::Dot { at: point(at), radius, color, filled });
    }

    /// Text with its middle at `y`.
    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, kind: Type) {
        let text = escape::visible(text);
        if !text.is_empty() {
            self.shapes.push(Shape::Text { at: point((x, y)), text, kind });
        }
    }

    /// The SVG document.
    pub(super) fn finish(mut self, id: &str, title: &str, description: &str) -> Result<String, String> {
        let size = (units(self.width).unsigned_abs(), units(self.height).unsigned_abs());
        {
            let mut backend = SVGBackend::with_string(&mut self.svg, size);
            for shape in &self.shapes {
                draw(&mut backend, shape)?;
            }
            backend.present().map_err(|error| error.to_string())?;
        }
        let (_, inner) = self.svg.split_once('>').ok_or("no document")?;
        let (title, description) = (escape::xml(title), escape::xml(description));
        let (width, height) = (self.width.round(), self.height.round());
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
             role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n<desc \
             id=\"{id}-desc\">{description}</desc>{}",
            size.0,
            size.1,
            whole_sizes(&inner.replace(" opacity=\"1\"", "")),
        ))
    }
}

/// The backend divides sizes and leaves `120.00000000000001`; quotes in texts are escaped, so only
/// attributes match.
fn whole_sizes(svg: &str) -> String {
    const ATTRIBUTE: &str = "font-size=\"";
    let mut parts = svg.split(ATTRIBUTE);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (size, rest) = part.split_once('"').unwrap_or((part, ""));
        let size = size.parse::<f64>().map_or(size.to_owned(), |size| size.round().to_string());
        out.push_str(ATTRIBUTE);
        out.push_str(&size);
        out.push('"');
        out.push_str(rest);
    }
    out
}

/// The heading stands at the left edge of the page, not of the plot.
const RIGHT_MARGIN: f64 = 24.0;

fn draw(backend: &mut SVGBackend<'_>, shape: &Shape) -> Result<(), String> {
    let style = |color: &RGBColor, alpha: f64, width: u32, filled: bool| ShapeStyle {
        color: color.mix(alpha),
        filled,
        stroke_width: width,
    };
    let drawn = match shape {
        Shape::Line { points, color, alpha, width } => {
            backend.draw_path(points.iter().copied(), &style(color, *alpha, *width, false))
        }
        Shape::Box { from, to, color, alpha } => {
            backend.draw_rect(*from, *to, &style(color, *alpha, 0, true), true)
        }
        Shape::Area { points, color, alpha } => {
            backend.fill_polygon(points.iter().copied(), &style(color, *alpha, 0, true))
        }
        Shape::Dot { at, radius, color, filled } => {
            let width = units(1.6).unsigned_abs();
            backend.draw_circle(*at, *radius, &style(color, 1.0, width, *filled), *filled)
        }
        Shape::Text { at, text, kind } => {
            let weight = if kind.bold { FontStyle::Bold } else { FontStyle::Normal };
            let size = (kind.size * UNITS).round() * BACKEND_SIZE;
            let font = FontDesc::new(FontFamily::Name(FAMILY), size, weight);
            let text_style =
                TextStyle::from(font).color(&kind.color).pos(Pos::new(kind.anchor, VPos::Center));
            backend.draw_text(text, &text_style, *at)
        }
    };
    drawn.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_text_is_cut_and_says_so() {
        register_fonts().unwrap();
        let text = "a-service-with-an-exceedingly-long-name-in-production";
        let cut = fitted(text, 120.0, 12.0, false).unwrap();
        assert!(cut.ends_with('…') && text_width(&cut, 12.0, false).unwrap() <= 120.0, "{cut}");
        assert_eq!(fitted("short", 120.0, 12.0, false).unwrap(), "short");
    }

    #[test]
    fn chinese_is_as_wide_as_its_characters() {
        register_fonts().unwrap();
        let width = text_width("支付超时", 10.0, false).unwrap();
        assert!((width - 4.0 * 10.0 * SLACK).abs() < 1.5, "{width}");
    }

    #[test]
    fn a_drawing_is_described_and_inert() {
        register_fonts().unwrap();
        let mut canvas = Canvas::new(100.0, 50.0, &super::super::theme::LIGHT).unwrap();
        canvas.text(10.0, 10.0, "<script>\u{202E}", Type::new(12.0, canvas.theme.text));
        let svg = canvas.finish("x", "A & B", "what <b>").unwrap();
        assert!(svg.contains("<title id=\"x-title\">A &amp; B</title>") && !svg.contains("<script"), "{svg}");
        assert!(svg.contains("font-size=\"120\"") && !svg.contains('\u{202E}'), "{svg}");
    }
}
