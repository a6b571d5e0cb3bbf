//! The accent colour, and whether it can be read: contrast by WCAG 2.2 (relative luminance, contrast ratio, 1.4.3).

use std::fmt;

/// A colour of a screen, as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour([u8; 3]);

/// The accent of light and of dark pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accent {
    pub(crate) light: Colour,
    pub(crate) dark: Colour,
}

/// The grounds that the accent stands on as text, in light and in dark pages: the card and what lies on it, and the page.
const LIGHT_GROUNDS: [Colour; 3] = [Colour([0xff, 0xff, 0xff]), Colour([0xf1, 0xf5, 0xf3]), Colour([0xe9, 0xee, 0xec])];
const DARK_GROUNDS: [Colour; 3] = [Colour([0x16, 0x21, 0x20]), Colour([0x1d, 0x2a, 0x29]), Colour([0x0d, 0x14, 0x13])];

const BLACK: Colour = Colour([0; 3]);
const WHITE: Colour = Colour([0xff; 3]);

/// What text needs at least (WCAG AA), in hundredths.
const ENOUGH: u32 = 450;

impl Colour {
    /// `#rrggbb`
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then_some(())?;
        Some(Self([channel(0)?, channel(2)?, channel(4)?]))
    }

    /// Black or white, whichever can be read better on it.
    pub(super) fn on(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) { WHITE } else { BLACK }
    }

    /// The lowest contrast to the grounds of light pages, in hundredths, and the nearest colour that does, if this one does
    /// not.
    pub(crate) fn on_light(self) -> (u32, Option<Self>) {
        self.on_grounds(&LIGHT_GROUNDS, BLACK)
    }

    /// The same for dark pages.
    pub(crate) fn on_dark(self) -> (u32, Option<Self>) {
        self.on_grounds(&DARK_GROUNDS, WHITE)
    }

    fn on_grounds(self, grounds: &[Self], end: Self) -> (u32, Option<Self>) {
        let lowest = |colour: Self| grounds.iter().map(|ground| colour.contrast(*ground)).min().unwrap_or(0);
        let found = lowest(self);
        let better = (1..=100).map(|part| self.mixed(end, part)).find(|colour| lowest(*colour) >= ENOUGH);
        (found, better.filter(|_| found < ENOUGH))
    }

    /// With so many hundredths of another colour.
    pub(super) fn mixed(self, other: Self, part: u32) -> Self {
        let mut channels = self.0;
        for (channel, toward) in channels.iter_mut().zip(other.0) {
            let sum = u32::from(*channel) * (100 - part) + u32::from(toward) * part;
            *channel = u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX);
        }
        Self(channels)
    }

    /// A deeper one, for what the pointer is over.
    pub(super) fn deeper(self) -> Self {
        self.mixed(if self.on() == WHITE { BLACK } else { WHITE }, 25)
    }

    /// The contrast ratio in hundredths, rounded down, so that nothing is called enough that is not.
    fn contrast(self, other: Self) -> u32 {
        let (a, b) = (self.luminance(), other.luminance());
        let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
        (ratio * 100.0).floor() as u32
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl Accent {
    /// The light one made light enough for dark pages.
    pub(crate) fn from_light(light: Colour) -> Self {
        Self { light, dark: light.on_dark().1.unwrap_or(light) }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::parse(text).unwrap()
    }

    #[test]
    fn colours_are_read_and_written() {
        assert_eq!(colour("#0E5a4A").to_string(), "#0e5a4a");
        for wrong in ["", "0e5a4a", "#0e5", "#0e5a4a00", "#0e5a4g", "#+e5a4a", "#äää", "red"] {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert_eq!(BLACK.contrast(WHITE), 2100);
        assert_eq!(colour("#777777").contrast(WHITE), 447);
        assert_eq!(colour("#767676").contrast(WHITE), 454);
    }

    #[test]
    fn black_or_white_can_be_read_on_every_colour() {
        for grey in 0..=255 {
            for colour in [Colour([grey; 3]), Colour([grey, 0, 255]), Colour([255, grey, 0])] {
                assert!(colour.contrast(colour.on()) >= ENOUGH, "{colour}");
                assert!(colour.deeper().contrast(colour.on()) >= ENOUGH, "{colour} deeper");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_comes_with_the_nearest_that_can() {
        assert_eq!(colour("#0e5a4a").on_light(), (694, None));
        let (found, better) = colour("#f0b429").on_light();
        assert!(found < 200 && better.unwrap().on_light().0 >= ENOUGH);
        let accent = Accent::from_light(colour("#1a4fd0"));
        assert!(accent.dark.on_dark().1.is_none(), "{}", accent.dark);
        assert_eq!(Accent::from_light(colour("#7fd6bd")).dark, colour("#7fd6bd"));
    }

    #[test]
    fn the_grounds_are_those_of_the_style_sheet() {
        let sheet = include_str!("../pages/style.css");
        let (light, dark) = sheet.split_once("prefers-color-scheme: dark").unwrap();
        for (part, grounds) in [(light, LIGHT_GROUNDS), (dark, DARK_GROUNDS)] {
            for (name, ground) in ["--card", "--well", "--page"].into_iter().zip(grounds) {
                assert!(part.contains(&format!("{name}: {ground};")), "{name} is not {ground}");
            }
        }
    }
}
