//! "Did you mean": the known name that a mistyped one is closest to.

/// The candidate that is few enough slips away from `word`.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + word.chars().count() / 4;
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Help for an unknown name: the one that was meant, or all there are.
pub(crate) fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let candidates: Vec<_> = candidates.into_iter().collect();
    if let Some(meant) = closest(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{meant}`?"));
    }
    let known: Vec<_> = candidates.iter().map(|name| format!("`{name}`")).collect();
    (!known.is_empty()).then(|| format!("known are {}", known.join(", ")))
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, n) | (n, 0) => n,
                _ => {
                    let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                    let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                    if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised() {
        let known = ["upstream", "url", "urls", "policies"];
        assert_eq!(closest("upsteam", known), Some("upstream"));
        assert_eq!(closest("polcies", known), Some("policies"));
        assert_eq!(closest("ulr", known), Some("url"));
        assert_eq!(closest("color", known), None);
    }

    #[test]
    fn help_lists_what_is_known_when_nothing_is_close() {
        assert_eq!(help("ulr", ["url"]).as_deref(), Some("did you mean `url`?"));
        assert_eq!(help("color", ["a", "b"]).as_deref(), Some("known are `a`, `b`"));
        assert_eq!(help("color", []), None);
    }
}
