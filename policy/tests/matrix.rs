//! Every case in `tests/matrix/*.toml` against the committed table beside it, so that no decision
//! changes silently. `UPDATE_GOLDEN=1 cargo test -p doorward-policy` writes the tables anew.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use policy::{
    ClientCertificate, Decision, Facts, Groups, Identity, Message, Policies, Policy, RawGroup, RawPolicy, Reason,
    RequestFacts, Via,
};
use serde::Deserialize;

#[test]
fn decisions_are_those_of_the_golden_tables() {
    let mut stale = Vec::new();
    for matrix in matrices() {
        let golden = matrix.with_extension("golden");
        let table = table(&read(&matrix));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, table).expect("the table can be written");
        } else if fs::read_to_string(&golden).ok().as_deref() != Some(&table) {
            stale.push(format!("{}, which should be:\n{table}", golden.display()));
        }
    }
    assert!(stale.is_empty(), "changed tables:\n{}", stale.join("\n"));
}

/// One file: policies, and who asks them for what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Matrix {
    #[serde(default)]
    groups: BTreeMap<String, RawGroup>,
    policies: Vec<RawPolicy>,
    #[serde(default)]
    identities: BTreeMap<String, Identity>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// A key of `identities`; absent is anonymous.
    identity: Option<String>,
    #[serde(default = "browser")]
    via: Via,
    client_id: Option<String>,
    linked_app: Option<String>,
    /// That of the client certificate.
    common_name: Option<String>,
    /// Seconds since the sign-in.
    #[serde(default)]
    signed_in: u64,
    #[serde(default = "documentation_address")]
    ip: IpAddr,
    /// Method and path; absent is not known yet.
    request: Option<String>,
    /// Method and perhaps tool of the MCP message; `?` is not read yet.
    message: Option<String>,
}

fn browser() -> Via {
    Via::Browser
}

fn documentation_address() -> IpAddr {
    IpAddr::from([192, 0, 2, 1])
}

fn matrices() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix");
    let entries = fs::read_dir(folder).expect("the folder of matrices");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    assert!(!paths.is_empty(), "no matrices found");
    paths.sort();
    paths
}

fn read(path: &Path) -> Matrix {
    let text = fs::read_to_string(path).expect("a readable matrix");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn table(matrix: &Matrix) -> String {
    let groups = Groups::parse(&matrix.groups).expect("sound groups");
    let policies = matrix.policies.iter().map(|raw| {
        let policy = Policy::parse("unnamed", raw, &groups);
        Arc::new(policy.expect("a sound policy"))
    });
    let policies = Policies::new(policies.collect());

    let mut rows = vec![["who", "request", "decide", "may ever"].map(str::to_owned)];
    for case in &matrix.cases {
        let certificate = case.certificate();
        let facts = case.facts(&matrix.identities, certificate.as_ref());
        assert_eq!(policies.explain(&facts).decision, policies.decide(&facts));
        rows.push([case.who(), case.what(), outcome(&policies.decide(&facts)), outcome(&policies.may_ever(&facts))]);
    }
    aligned(&rows)
}

impl Case {
    fn certificate(&self) -> Option<ClientCertificate> {
        self.common_name.clone().map(|name| ClientCertificate { common_name: Some(name), ..Default::default() })
    }

    fn facts<'a>(
        &'a self,
        identities: &'a BTreeMap<String, Identity>,
        certificate: Option<&'a ClientCertificate>,
    ) -> Facts<'a> {
        let identity = self.identity.as_deref().map(|name| {
            let known = identities.get(name);
            known.unwrap_or_else(|| panic!("identity `{name}` is not in the matrix"))
        });
        let request = self.request.as_deref().map(|request| {
            let (method, path) = request.split_once(' ').expect("a method and a path");
            RequestFacts { ip: self.ip, method, path, message: self.message(), certificate }
        });
        let (client_id, linked_app) = (self.client_id.as_deref(), self.linked_app.as_deref());
        let authenticated_for = Some(Duration::from_secs(self.signed_in));
        Facts { identity, via: self.via, client_id, linked_app, authenticated_for, request }
    }

    fn message(&self) -> Message<'_> {
        match self.message.as_deref() {
            None => Message::None,
            Some("?") => Message::Unread,
            Some("") => Message::Read { method: None, tool: None },
            Some(message) => {
                let (method, tool) = message.split_once(' ').map_or((message, None), |(m, tool)| (m, Some(tool)));
                Message::Read { method: Some(method), tool }
            }
        }
    }

    fn who(&self) -> String {
        let mut who = self.identity.clone().unwrap_or_else(|| "anonymous".into());
        if self.via != Via::Browser {
            who += &format!(" via {}", self.via);
        }
        if let Some(client) = &self.client_id {
            who += &format!(" through {client}");
        }
        if let Some(app) = &self.linked_app {
            who += &format!(" from {app}");
        }
        if let Some(name) = &self.common_name {
            who += &format!(" with {name}");
        }
        if self.signed_in > 0 {
            who += &format!(" {}s ago", self.signed_in);
        }
        who
    }

    fn what(&self) -> String {
        match (&self.request, &self.message) {
            (None, _) => "not known yet".into(),
            (Some(request), Some(message)) => format!("{request} ({message})"),
            (Some(request), None) if self.ip == documentation_address() => request.clone(),
            (Some(request), None) => format!("{request} from {}", self.ip),
        }
    }
}

fn outcome(decision: &Decision) -> String {
    match decision {
        Decision::Deny { reason: Reason::StrongerAuthenticationRequired { step_up }, rule } => {
            let by = rule.as_deref().map(|rule| format!(" {rule}")).unwrap_or_default();
            format!("step up{by}: {step_up}")
        }
        Decision::Allow { rule, action } => format!("PASS {action} {rule}"),
        Decision::Deny { reason, rule: Some(rule) } => format!("deny {reason} {rule}"),
        Decision::Deny { reason, rule: None } => format!("deny {reason}"),
    }
}

fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    });
    let mut table = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        table += cells.collect::<Vec<_>>().join("  ").trim_end();
        table.push('\n');
    }
    table
}
