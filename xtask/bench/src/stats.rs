//! Statistics of a few measurements: median, spread, growth.

/// Median and quartiles of several measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    /// Lower quartile.
    pub low: f64,
    /// Upper quartile.
    pub high: f64,
}

impl Spread {
    /// Returns the spread of `values`; none of an empty list.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        // Interpolates between the two neighbours.
        let at = |share: f64| {
            let place = share * last as f64;
            let (below, above) = (place.floor() as usize, place.ceil() as usize);
            values[below] + (values[above] - values[below]) * place.fract()
        };
        Some(Spread {
            median: at(0.5),
            low: at(0.25),
            high: at(0.75),
        })
    }

    /// Returns the geometric mean of positive figures, and its quartiles over other draws
    /// of as many of them (bootstrap), which show how much of it is chance.
    pub fn of_mean(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        const DRAWS: usize = 200;
        let values: Vec<f64> = values.into_iter().collect();
        let median = geometric_mean(values.iter().copied())?;
        // The same draws each time: a congruential generator, whose upper bits are good.
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005);
            state = state.wrapping_add(1_442_695_040_888_963_407);
            values[(state >> 33) as usize % values.len()]
        };
        let others = (0..DRAWS).filter_map(|_| geometric_mean(values.iter().map(|_| draw())));
        let Spread { low, high, .. } = Spread::of(others)?;
        Some(Spread { median, low, high })
    }
}

/// Returns the geometric mean of positive figures; none of an empty list.
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.into_iter().fold((0.0, 0), |(sum, count), value| {
        (sum + value.ln(), count + 1)
    });
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

/// Returns the exponent `b` of the best fit `cost = a * size^b`; 1 is linear growth.
/// Least squares on the logarithms; none of fewer than two sizes.
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
    fn median_and_quartiles() {
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
    fn bootstrap_gives_the_spread_of_a_mean() {
        // Their logarithms are even between -1 and 1: the mean of 100 of them deviates by
        // 0.058, its quartiles by 0.67 of that.
        let values = (0..100).map(|at| (f64::from(at) / 49.5 - 1.0).exp());
        let right = |spread: Spread| {
            (spread.median - 1.0).abs() < 1e-9
                && (0.93..0.99).contains(&spread.low)
                && (1.01..1.07).contains(&spread.high)
        };
        let drawn = Spread::of_mean(values);
        assert!(drawn.is_some_and(right), "{drawn:?}");
        assert_eq!(Spread::of_mean([]), None);
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
