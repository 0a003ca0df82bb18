//! What somebody learns who sees 10,000 aliases go by: everything from `multiply`, nothing from `ff1`.

use std::sync::LazyLock;

use lingpai_core::alias::method::Method;

use super::{multiply, sequence};

const ALIASES: u32 = 10_000;
const ACCOUNTS: u32 = 1_000;
const MULTIPLIER: u64 = 987_654_321;
const DOMAIN: u64 = 100_000_000_000;

/// The account number that is `nth`, 11 digits as telephone numbers have them.
fn account_number(nth: u32) -> u64 {
    13_000_000_000 + u64::from(nth) * 7_919_003
}

fn number(alias: &str) -> u64 {
    alias.trim_start_matches(|it: char| !it.is_ascii_digit()).parse().expect("eleven digits")
}

/// Ten aliases of each account, in turn, as numbers.
fn observed(method: Method) -> Vec<(u32, u64)> {
    (0..ALIASES)
        .map(|nth| {
            let account = nth % ACCOUNTS;
            let text = format!("user-{:011}", account_number(account));
            (account, number(&sequence(method, &text, nth).expect("an alias")))
        })
        .collect()
}

static WEAK: LazyLock<Vec<(u32, u64)>> = LazyLock::new(|| observed(multiply(MULTIPLIER)));
static STRONG: LazyLock<Vec<(u32, u64)>> = LazyLock::new(|| observed(Method::Ff1));

/// `a⁻¹` modulo 10¹¹: by Euler's theorem, `a` to the power of φ(10¹¹) − 1.
fn inverse(a: u64) -> u64 {
    let (mut base, mut exponent, mut result) = (u128::from(a), 40_000_000_000_u64 - 1, 1);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result * base % u128::from(DOMAIN);
        }
        base = base * base % u128::from(DOMAIN);
        exponent /= 2;
    }
    result as u64
}

fn times(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(DOMAIN)) as u64
}

/// The attack: from one account that the observer knows, with its alias, guess the factor, and so the account of every alias.
fn recovered(observed: &[(u32, u64)]) -> usize {
    // One's own account, prime to the modulus, as one in 2.5 is.
    let known = observed
        .iter()
        .find(|(account, _)| {
            let own = account_number(*account);
            !own.is_multiple_of(2) && !own.is_multiple_of(5)
        })
        .expect("an odd account");
    let factor = times(known.1, inverse(account_number(known.0)));
    let undo =
        if factor.is_multiple_of(2) || factor.is_multiple_of(5) { 1 } else { inverse(factor) };
    observed
        .iter()
        .filter(|(account, alias)| {
            *account != known.0 && times(*alias, undo) == account_number(*account)
        })
        .count()
}

/// The other attack, without any known account: aliases that lie within 16 of each other are taken for one account's.
fn linked(observed: &[(u32, u64)]) -> (usize, usize) {
    let mut sorted: Vec<_> = observed.iter().map(|(account, alias)| (*alias, *account)).collect();
    sorted.sort_unstable();
    let near = sorted.windows(2).filter(|pair| pair[1].0 - pair[0].0 <= 16);
    near.fold((0, 0), |(right, all), pair| (right + usize::from(pair[0].1 == pair[1].1), all + 1))
}

#[test]
fn multiply_gives_away_every_account_to_whoever_knows_one() {
    let seen = &*WEAK;
    let others = (ALIASES - ALIASES / ACCOUNTS) as usize;
    assert_eq!(recovered(seen), others, "all aliases of all other accounts");
}

#[test]
fn multiply_links_all_aliases_of_an_account() {
    let (right, _) = linked(&WEAK);
    assert_eq!(right, (ALIASES - ACCOUNTS) as usize, "each with the one before");
}

#[test]
fn ff1_gives_away_nothing_to_the_same_attacks() {
    let seen = &*STRONG;
    assert_eq!(recovered(seen), 0);
    // By chance, 10⁴ numbers below 10¹¹ have 10⁴·16/(10¹¹/10⁴) = 0.016 neighbours within 16.
    let (right, _) = linked(seen);
    assert_eq!(right, 0);
}

/// Pearson's χ² of counts against equal shares.
fn chi_squared(counts: &[u32]) -> f64 {
    let share = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    counts.iter().map(|count| (f64::from(*count) - share).powi(2) / share).sum()
}

/// Ten standard deviations above the mean of χ² with `freedom` degrees: chance reaches it less than once in 10¹⁰ runs, so
/// that whatever is above is structure. The tweaks are fixed here; the figures are the same in each run.
fn threshold(freedom: f64) -> f64 {
    freedom + 10.0 * (2.0 * freedom).sqrt()
}

/// χ² of each digit of the alias against the digit of the account at each place: 99 degrees of freedom for 10 × 10 counts,
/// less where accounts do not have all digits. Gives the largest in units of its threshold.
fn dependence(seen: &[(u32, u64)]) -> f64 {
    let digit = |number: u64, place: u32| (number / 10_u64.pow(place) % 10) as usize;
    let mut worst: f64 = 0.0;
    for (of_account, of_alias) in (0..11).flat_map(|a| (0..11).map(move |b| (a, b))) {
        let mut counts = [[0_u32; 10]; 10];
        for (account, alias) in seen {
            counts[digit(account_number(*account), of_account)][digit(*alias, of_alias)] += 1;
        }
        let rows: Vec<_> = counts.iter().filter(|row| row.iter().sum::<u32>() > 0).collect();
        let statistic: f64 = rows.iter().map(|row| chi_squared(row.as_slice())).sum();
        worst = worst.max(statistic / threshold(9.0 * rows.len() as f64));
    }
    worst
}

#[test]
fn digits_of_an_alias_depend_on_the_account_under_multiply_and_not_under_ff1() {
    let weak = dependence(&WEAK);
    let strong = dependence(&STRONG);
    assert!(weak > 10.0, "{weak}");
    assert!(strong < 1.0, "{strong}");
}

/// Two aliases of one account agree in a digit as often as two of different accounts do: linking gains nothing by it.
#[test]
fn aliases_of_one_account_are_no_more_alike_than_others_under_ff1() {
    let agreeing = |seen: &[(u32, u64)], apart: usize| {
        let pairs = seen.iter().zip(seen.iter().skip(apart));
        let same = |one: u64, other: u64| {
            (0..11)
                .filter(|place| one / 10_u64.pow(*place) % 10 == other / 10_u64.pow(*place) % 10)
                .count()
        };
        let (sum, all) =
            pairs.fold((0, 0), |(sum, all), (one, other)| (sum + same(one.1, other.1), all + 11));
        (sum as f64 / all as f64, all as f64)
    };
    let seen = &*STRONG;
    // The same account comes again after ACCOUNTS aliases.
    let (own, pairs) = agreeing(seen, ACCOUNTS as usize);
    // A tenth by chance; six standard deviations of a mean over so many.
    let margin = 6.0 * (0.1 * 0.9 / pairs).sqrt();
    assert!((own - 0.1).abs() < margin, "{own}");
    let (own, _) = agreeing(&WEAK, ACCOUNTS as usize);
    assert!(own > 0.99, "{own}");
}
