//! Arithmetic of the report: shares to two decimals, half up; means, medians and percentiles.

/// `part` of `whole` in hundredths of a percent, half up; `None` of nothing.
pub fn share(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| half_up(i128::from(part) * 10_000, i128::from(whole)))
}

/// Mean in hundredths, half up; `None` of nothing.
pub fn mean_hundredths(values: &[i64]) -> Option<i64> {
    let count = i128::try_from(values.len()).unwrap_or(i128::MAX);
    let sum: i128 = values.iter().copied().map(i128::from).sum();
    (count > 0).then(|| half_up(sum * 100, count))
}

/// Mean, half up; `None` of nothing.
pub fn mean(values: &[i64]) -> Option<i64> {
    let count = i128::try_from(values.len()).unwrap_or(i128::MAX);
    let sum: i128 = values.iter().copied().map(i128::from).sum();
    (count > 0).then(|| half_up(sum, count))
}

/// The value below which `percent` of the sorted values lie, between two values in proportion; the median at 50.
/// `None` of nothing.
pub fn percentile(sorted: &[i64], percent: i64) -> Option<i64> {
    let last = i64::try_from(sorted.len()).ok()?.checked_sub(1)?;
    let place = percent * last;
    let at = |place: i64| usize::try_from(place).ok().and_then(|place| sorted.get(place)).copied();
    let (low, high) = (at(place / 100)?, at((place / 100 + 1).min(last))?);
    let rest = i128::from(place % 100);
    Some(low + half_up(i128::from(high - low) * rest, 100))
}

/// `above / below`, half up; for what is not below nought.
fn half_up(above: i128, below: i128) -> i64 {
    i64::try_from((2 * above + below) / (2 * below)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_up_to_two_decimals() {
        let known = [(36, 41, 8780), (38, 40, 9500), (7, 40, 1750), (15, 41, 3659), (3, 41, 732), (25, 41, 6098)];
        for (part, whole, expected) in known {
            assert_eq!(share(part, whole), Some(expected), "{part} of {whole}");
        }
        assert_eq!(share(1, 800), Some(13), "0.125 % goes up");
        assert_eq!((share(0, 0), share(0, 3), share(3, 3)), (None, Some(0), Some(10_000)));
        assert_eq!(share(44_520 - 178, 44_520), Some(9960));
    }

    #[test]
    fn means_and_medians() {
        assert_eq!(mean_hundredths(&[[5; 12].as_slice(), &[4; 8], &[3; 3], &[2, 1]].concat()), Some(416));
        assert_eq!((mean(&[126, 52]), mean(&[])), (Some(89), None));
        assert_eq!((percentile(&[1, 3], 50), percentile(&[4], 90), percentile(&[], 50)), (Some(2), Some(4), None));
        assert_eq!(percentile(&[0, 10, 20, 30, 40], 90), Some(36));
    }
}
