//! Decisions: the newest are kept.

use super::{Folder, NOW, ok, open};
use crate::store::decisions::KEPT;
use crate::store::{Decisions, StoredDecision};

#[tokio::test]
async fn a_decision_is_found_by_its_id() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.record_decisions(&[]).await);
    ok(store.record_decisions(&[decision(1), decision(2)]).await);
    assert_eq!(ok(store.decision("decision 2").await), Some(decision(2)));
    assert_eq!(ok(store.decision("decision 3").await), None);
}

#[tokio::test]
async fn a_decision_is_never_rewritten() {
    let folder = Folder::new();
    let store = open(&folder.database());
    let rewritten = StoredDecision { json: "{}".to_owned(), ..decision(1) };
    ok(store.record_decisions(&[decision(1), rewritten]).await);
    assert_eq!(ok(store.decision("decision 1").await), Some(decision(1)));
}

#[tokio::test]
async fn the_newest_decisions_are_kept() {
    let folder = Folder::new();
    let store = open(&folder.database());
    for batch in (0..KEPT + 3).collect::<Vec<_>>().chunks(4000) {
        let batch: Vec<_> = batch.iter().map(|number| decision(*number)).collect();
        ok(store.record_decisions(&batch).await);
    }
    for (number, kept) in [(0, false), (2, false), (3, true), (KEPT + 2, true)] {
        let found = ok(store.decision(&decision(number).id).await);
        assert_eq!(found.is_some(), kept, "decision {number}");
    }
}

fn decision(number: i64) -> StoredDecision {
    StoredDecision { id: format!("decision {number}"), at: NOW, json: format!("{{\"number\":{number}}}") }
}
