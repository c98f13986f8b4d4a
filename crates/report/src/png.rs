//! How does a chart become pixels, with the same letters everywhere?

use std::sync::{Arc, OnceLock};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb},
};

use crate::{
    charts::{FONT_BOLD, FONT_REGULAR},
    error::ReportError,
};

/// Longest side of a picture: a hostile SVG must not ask for gigabytes.
const SIDE_PIXELS_MAX: u32 = 8_192;

/// Draws an SVG document as PNG, `scale` times as large, with the built-in fonts only.
pub fn svg_to_png(svg: &str, scale: f32) -> Result<Vec<u8>, ReportError> {
    let failed = |reason: &dyn std::fmt::Display| ReportError::Svg(reason.to_string());
    let options = Options { fontdb: fonts(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(&error))?;
    let side = |length: f32| (length * scale).ceil();
    let (width, height) = (side(tree.size().width()), side(tree.size().height()));
    let limit = SIDE_PIXELS_MAX as f32;
    if !(1.0..=limit).contains(&width) || !(1.0..=limit).contains(&height) {
        return Err(failed(&format!("{width} × {height} pixels; at most {limit} a side are drawn")));
    }
    let mut pixels =
        Pixmap::new(width as u32, height as u32).ok_or_else(|| failed(&"no room for the pixels"))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(&error))
}

/// The built-in fonts, read once.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let read = || {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(FONT_REGULAR.to_vec());
        fonts.load_font_data(FONT_BOLD.to_vec());
        fonts.set_sans_serif_family("Noto Sans SC");
        Arc::new(fonts)
    };
    Arc::clone(FONTS.get_or_init(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_size_is_refused() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"999999\" height=\"999999\"/>";
        assert!(matches!(svg_to_png(svg, 1.0), Err(ReportError::Svg(_))));
        assert!(matches!(svg_to_png("no", 1.0), Err(ReportError::Svg(_))));
    }

    #[test]
    fn a_drawing_becomes_png() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"4\" height=\"4\"/>";
        assert!(svg_to_png(svg, 2.0).unwrap().starts_with(b"\x89PNG"));
    }
}
