//! Texts with markup in them: a translator decides where a name stands, the page decides how it looks.

use super::Look;
use fluent_bundle::FluentValue;
use maud::{Markup, PreEscaped, Render};

impl Look<'_> {
    /// The text `id`, escaped, with markup in the place of its variables.
    pub(crate) fn html(&self, id: &str, values: &[(&str, Markup)]) -> Markup {
        let marks: Vec<_> = (FIRST_MARK..).take(values.len()).collect();
        let stand_ins = values.iter().zip(&marks).map(|((name, _), mark)| (*name, FluentValue::from(mark.to_string())));
        let text = self.say_with(id, &stand_ins.collect::<Vec<_>>());
        let mut html = String::new();
        for part in text.split_inclusive(|c| marks.contains(&c)) {
            let mark = part.chars().next_back().and_then(|last| marks.iter().position(|mark| *mark == last));
            let plain = mark.map_or(part, |index| part.strip_suffix(marks[index]).unwrap_or(part));
            html.push_str(&plain.render().0);
            html.push_str(mark.map_or("", |index| values[index].1.0.as_str()));
        }
        PreEscaped(html)
    }
}

/// A private character: no foreign text has it on a page.
const FIRST_MARK: char = '\u{F0000}';

#[cfg(test)]
mod tests {
    use crate::brand::Brand;
    use maud::html;

    #[test]
    fn markup_stands_where_the_language_puts_it() {
        let brand = Brand::default();
        let name = || html! { b { "<Ada>" } };
        let values = [("person", name())];
        assert_eq!(brand.look(None).html("signed-in-as", &values).0, "You are signed in as <b>&lt;Ada&gt;</b>.");
        let german = brand.look(Some("de")).html("signed-in-as", &values).0;
        assert_eq!(german, "Sie sind als <b>&lt;Ada&gt;</b> angemeldet.");
    }
}
