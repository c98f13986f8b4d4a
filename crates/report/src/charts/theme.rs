//! Which colours mean what? One accent for the incident, everything else is neutral.

use plotters::style::RGBColor;

/// Colours of a variant. All of them opaque; text has at least 4.5 : 1 against the background.
#[derive(Debug)]
pub(super) struct Theme {
    pub(super) background: RGBColor,
    pub(super) text: RGBColor,
    pub(super) muted: RGBColor,
    pub(super) grid: RGBColor,
    pub(super) axis: RGBColor,
    /// Measured values.
    pub(super) value: RGBColor,
    /// What is usual.
    pub(super) usual: RGBColor,
    /// Those who were not hurt.
    pub(super) calm: RGBColor,
    /// Between calm and accent: hurt, then well again.
    pub(super) middle: RGBColor,
    /// Not decided yet.
    pub(super) pending: RGBColor,
    /// The incident.
    pub(super) accent: RGBColor,
    /// Text upon the accent.
    pub(super) on_accent: RGBColor,
    /// Text upon the middle colour.
    pub(super) on_middle: RGBColor,
}

/// For light pages.
pub(super) static LIGHT: Theme = Theme {
    background: RGBColor(0xFF, 0xFF, 0xFF),
    text: RGBColor(0x1F, 0x23, 0x28),
    muted: RGBColor(0x59, 0x63, 0x6E),
    grid: RGBColor(0xE3, 0xE6, 0xEA),
    axis: RGBColor(0x9A, 0xA4, 0xAF),
    value: RGBColor(0x35, 0x5C, 0x8C),
    usual: RGBColor(0xD3, 0xDC, 0xE6),
    calm: RGBColor(0xDC, 0xE1, 0xE7),
    middle: RGBColor(0x8F, 0xA9, 0xC6),
    pending: RGBColor(0xB3, 0xBA, 0xC2),
    accent: RGBColor(0xC2, 0x3B, 0x12),
    on_accent: RGBColor(0xFF, 0xFF, 0xFF),
    on_middle: RGBColor(0x12, 0x1C, 0x28),
};

/// For dark pages.
pub(super) static DARK: Theme = Theme {
    background: RGBColor(0x0D, 0x11, 0x17),
    text: RGBColor(0xE6, 0xED, 0xF3),
    muted: RGBColor(0x91, 0x98, 0xA1),
    grid: RGBColor(0x26, 0x2C, 0x36),
    axis: RGBColor(0x57, 0x60, 0x6A),
    value: RGBColor(0x8F, 0xB8, 0xE8),
    usual: RGBColor(0x2A, 0x37, 0x48),
    calm: RGBColor(0x2D, 0x33, 0x3B),
    middle: RGBColor(0x4F, 0x74, 0x9C),
    pending: RGBColor(0x6E, 0x76, 0x81),
    accent: RGBColor(0xF0, 0x70, 0x4A),
    on_accent: RGBColor(0x1A, 0x0A, 0x04),
    on_middle: RGBColor(0xF2, 0xF6, 0xFA),
};

/// The colour `share` (0–1) of the way from one to the other.
pub(super) fn mix(from: RGBColor, to: RGBColor, share: f64) -> RGBColor {
    let share = share.clamp(0.0, 1.0);
    let part = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    RGBColor(part(from.0, to.0), part(from.1, to.1), part(from.2, to.2))
}
