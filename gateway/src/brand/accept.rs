//! The language of a page: the best of those that a browser asks for (RFC 9110 section 12.5.4, RFC 4647 section 3.4).

/// Which of `available` suits `accept` best; the first if none does.
pub(super) fn choose<'a>(accept: &str, available: impl Iterator<Item = &'a str> + Clone) -> usize {
    let mut ranges: Vec<_> = accept.split(',').take(MAX_RANGES).filter_map(range).collect();
    // A stable sort: what is asked for first wins among equals.
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let wanted = ranges.iter().filter(|(_, weight)| *weight > 0);
    let found = wanted.map(|(range, _)| if *range == "*" { Some(0) } else { look_up(range, available.clone()) });
    found.flatten().next().unwrap_or(0)
}

/// The language that is the range, or the longest beginning of it; failing that, another region of the same language.
fn look_up<'a>(range: &str, available: impl Iterator<Item = &'a str> + Clone) -> Option<usize> {
    let mut shorter = Some(range);
    while let Some(prefix) = shorter {
        if let Some(index) = available.clone().position(|tag| tag.eq_ignore_ascii_case(prefix)) {
            return Some(index);
        }
        shorter = prefix.rsplit_once('-').map(|(start, _)| start);
    }
    available.clone().position(|tag| primary(tag).eq_ignore_ascii_case(primary(range)))
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// A language range and its weight in thousandths; one that cannot be read is not there.
fn range(text: &str) -> Option<(&str, u16)> {
    let (range, parameters) = text.split_once(';').map_or((text, ""), |(range, parameters)| (range, parameters));
    let range = range.trim();
    let is_range = range == "*" || range.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if range.is_empty() || !is_range {
        return None;
    }
    let weight = match parameters.trim().strip_prefix(['q', 'Q']).map(str::trim_start) {
        Some(weight) => weight.strip_prefix('=')?.trim().parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q))?,
        None => 1.0,
    };
    Some((range, (weight * 1000.0).round() as u16))
}

/// More than any browser asks for.
const MAX_RANGES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_language_that_is_there_is_chosen() {
        for (accept, expected) in [
            ("", "en"),
            ("de", "de"),
            ("DE-at", "de"),
            ("de-CH-1996, en", "de"),
            ("fr, de;q=0.5, en;q=0.4", "de"),
            ("en;q=0.4, de;q=0.5", "de"),
            ("fr", "en"),
            ("*", "en"),
            ("fr, *;q=0.1", "en"),
            ("de;q=0, en", "en"),
            ("de;q=0", "en"),
            ("de;q=2, en", "en"),
            ("de;q=nonsense", "en"),
            ("pt", "pt-BR"),
            ("pt-PT", "pt-BR"),
            ("pt-BR;q=0.9, de;q=0.8", "pt-BR"),
            ("\u{e4}\u{f6}, ;;;q, de", "de"),
        ] {
            let available = ["en", "de", "pt-BR"];
            assert_eq!(available[choose(accept, available.into_iter())], expected, "{accept}");
        }
    }

    #[test]
    fn a_long_header_costs_little() {
        let long = "x,".repeat(100_000) + "de";
        assert_eq!(choose(&long, ["en", "de"].into_iter()), 0);
    }
}
