//! What is saved up for hedging, and what takes it away.

use super::*;

#[test]
fn ten_answered_calls_pay_for_one_attempt_and_a_refusal_takes_all() {
    let budget = Budget(AtomicU32::new(MOST_SAVED));
    assert!((0..10).all(|_| budget.take()) && !budget.take());
    for _ in 0..9 {
        budget.earn();
        assert!(!budget.take());
    }
    budget.earn();
    assert!(budget.take() && !budget.take());
    (0..1000).for_each(|_| budget.earn());
    assert!((0..10).all(|_| budget.take()) && !budget.take());
    (0..1000).for_each(|_| budget.earn());
    budget.empty();
    assert!(!budget.take());
}
