//! draft-ietf-oauth-client-id-metadata-document: clients whose id is the URL of a document about them.

mod document;
mod fetch;
mod flow;

use crate::harness::*;
use http::StatusCode;
use oauth::Reply;
use oauth::app::DocumentRules;
use serde_json::Value;

/// A bench whose wiki admits documents, with one at [`DOCUMENT`].
async fn bench() -> Bench {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().client_documents = Some(any_document());
    bench.published.put(DOCUMENT, &document(DOCUMENT));
    bench
}

fn rules(bench: &mut Bench) -> &mut DocumentRules {
    bench.wiki.managed.as_mut().unwrap().client_documents.as_mut().unwrap()
}

/// Publishes the usual document with some members replaced; `null` takes one out.
fn publish(bench: &Bench, changes: &Value) {
    let mut changed = document(DOCUMENT);
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(changed.as_object_mut().unwrap().remove(name)),
            value => changed[name] = value.clone(),
        }
    }
    bench.published.put(DOCUMENT, &changed);
}

/// Asks with the client at [`DOCUMENT`]: an error page without redirect, whose text this is.
async fn refused(bench: &Bench) -> String {
    refused_with(bench, &authorization(DOCUMENT)).await
}

async fn refused_with(bench: &Bench, query: &Fields) -> String {
    match bench.ask(query).await {
        Reply::Page(error) => {
            assert_eq!(error.code.page_status(), StatusCode::BAD_REQUEST);
            error.description
        }
        other => panic!("no error page but {other:?}"),
    }
}
