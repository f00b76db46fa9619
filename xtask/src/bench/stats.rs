//! What a handful of measurements says: its middle, its spread, its trend.

/// The middle of several measurements, or what they say together, and how far they
/// lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    /// The quartiles.
    pub low: f64,
    pub high: f64,
}

impl Spread {
    /// None, of no measurements.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let values: Vec<f64> = values.into_iter().collect();
        Some(Spread {
            median: quantile(&values, 0.5)?,
            low: quantile(&values, 0.25)?,
            high: quantile(&values, 0.75)?,
        })
    }

    /// A figure of all of them together, and the quartiles of what it is of other
    /// draws of as many of them (bootstrap): how much of it is chance.
    pub fn drawn<T>(items: &[T], figure: impl Fn(&[&T]) -> Option<f64>) -> Option<Spread> {
        const DRAWS: usize = 200;
        let all: Vec<&T> = items.iter().collect();
        let median = figure(&all).filter(|_| !all.is_empty())?;
        // The same draws each time (a congruential generator; the upper bits are the
        // good ones).
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005);
            state = state.wrapping_add(1_442_695_040_888_963_407);
            all[(state >> 33) as usize % all.len()]
        };
        let others = (0..DRAWS).filter_map(|_| {
            let draws: Vec<&T> = all.iter().map(|_| draw()).collect();
            figure(&draws)
        });
        let Spread { low, high, .. } = Spread::of(others)?;
        Some(Spread { median, low, high })
    }
}

/// That share of the values is below it; between two of them in proportion. None of none.
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = share * values.len().checked_sub(1)? as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    Some(values[below] + (values[above] - values[below]) * place.fract())
}

/// The geometric mean of positive figures; none of none.
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.into_iter().fold((0.0, 0), |(sum, count), value| {
        (sum + value.ln(), count + 1)
    });
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

/// The exponent `b` of `cost = a * size^b` that fits best: 1 is linear growth.
/// By least squares on the logarithms; none of fewer than two sizes.
pub fn growth(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let logs = || points.iter().map(|(size, cost)| (size.ln(), cost.ln()));
    let mean_x = logs().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logs().map(|(_, y)| y).sum::<f64>() / count;
    let spread: f64 = logs().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let joint: f64 = logs().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (points.len() > 1 && spread > 0.0).then(|| joint / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_quartiles() {
        let of = Spread::of([4.0, 1.0, 3.0, 2.0, 5.0]);
        let expected = Spread {
            median: 3.0,
            low: 2.0,
            high: 4.0,
        };
        assert_eq!(of, Some(expected));
        assert_eq!(
            Spread::of([2.0, 4.0]).map(|spread| spread.median),
            Some(3.0)
        );
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn draws_say_how_much_is_chance() {
        let mean = |draws: &[&f64]| Some(draws.iter().copied().sum::<f64>() / draws.len() as f64);
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        // The mean of 100 of them deviates by 2.9, its quartiles by 0.67 of that.
        let right = |spread: Spread| {
            (spread.median - 49.5).abs() < 1e-9
                && (46.0..49.0).contains(&spread.low)
                && (50.0..53.0).contains(&spread.high)
        };
        let drawn = Spread::drawn(&values, mean);
        assert!(drawn.is_some_and(right), "{drawn:?}");
        assert_eq!(Spread::drawn(&[] as &[f64], mean), None);
    }

    #[test]
    fn means_and_growth() {
        let mean = geometric_mean([1.0, 4.0]);
        assert!(mean.is_some_and(|mean| (mean - 2.0).abs() < 1e-9));
        assert_eq!(geometric_mean([]), None);
        let square = growth(&[(1.0, 3.0), (10.0, 300.0), (100.0, 30000.0)]);
        assert!(square.is_some_and(|growth| (growth - 2.0).abs() < 1e-9));
        assert_eq!(growth(&[(10.0, 1.0)]), None);
    }
}
