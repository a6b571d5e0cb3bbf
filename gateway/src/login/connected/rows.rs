//! The lines of the connected page, from grants and what is remembered of them.

use crate::config::{App, Config};
use crate::pages::{AgentLine, BrowserLine, GrantLine, NoticeLine, Reused, UseLine};
use crate::store::{Trace, Use};
use crate::world::rfc3339;
use oauth::store::{EndedBecause, Grant, Listed};

/// A grant with what is shown of it.
pub(super) struct Row<'a> {
    listed: &'a Listed,
    last_use: Option<Seen>,
    brought_by: Option<Seen>,
    ended: String,
    since: String,
    until: String,
    app: &'a str,
    redirect_hosts: Vec<String>,
}

impl<'a> Row<'a> {
    pub(super) fn of(listed: &'a Listed, trace: Option<&Trace>, config: &'a Config) -> Self {
        let grant = &listed.grant;
        let uris = listed.client.iter().flat_map(|client| &client.redirect_uris);
        let mut redirect_hosts: Vec<_> = uris.map(|uri| oauth::redirect_uri::shown_host(uri)).collect();
        redirect_hosts.sort();
        redirect_hosts.dedup();
        // An app that is configured no longer keeps its grants until they end.
        let name = |app: &'a std::sync::Arc<App>| app.name.as_str();
        let app = config.apps.get(&grant.app).map_or(grant.app.as_str(), name);
        let (since, until) = (rfc3339(grant.created_at), rfc3339(grant.expires_at));
        let seen = |one: &Use| Seen { at: rfc3339(one.at), address: one.address.to_string(), agent: one.agent.clone() };
        Self {
            listed,
            last_use: trace.and_then(|trace| trace.last_use.as_ref()).map(seen),
            brought_by: trace.and_then(|trace| trace.alarm.as_ref()).map(seen),
            ended: grant.revoked_at.map(rfc3339).unwrap_or_default(),
            since,
            until,
            app,
            redirect_hosts,
        }
    }

    fn grant(&self) -> &'a Grant {
        &self.listed.grant
    }

    fn line(&self) -> GrantLine<'_> {
        let last_use = self.last_use.as_ref().map(Seen::line);
        GrantLine { id: &self.listed.grant.id, since: &self.since, until: &self.until, last_use }
    }

    fn client_name(&self) -> &'a str {
        self.listed.client.as_ref().map_or("", |client| client.name.as_str())
    }

    fn is_login(&self) -> bool {
        self.grant().app == oauth::app::LOGIN
    }
}

/// This browser first, then the others, each with its sessions; last the sessions that have outlived their sign-in.
pub(super) fn browsers<'a>(rows: &'a [Row<'a>], this: &str) -> Vec<BrowserLine<'a>> {
    let mut logins: Vec<_> = rows.iter().filter(|row| row.grant().client.is_browser() && row.is_login()).collect();
    logins.sort_by_key(|row| row.grant().id != this);
    let sessions: Vec<_> = rows.iter().filter(|row| row.grant().client.is_browser() && !row.is_login()).collect();
    let session = |row: &&'a Row<'a>| {
        let this = row.grant().parent.as_deref() == Some(this);
        BrowserLine { grant: row.line(), app: Some(row.app), this }
    };
    let mut lines = Vec::new();
    for login in &logins {
        let id = &login.grant().id;
        lines.push(BrowserLine { grant: login.line(), app: None, this: id == this });
        lines.extend(sessions.iter().filter(|row| row.grant().parent.as_ref() == Some(id)).map(session));
    }
    let has_login = |row: &&&Row<'_>| logins.iter().any(|login| row.grant().parent.as_ref() == Some(&login.grant().id));
    lines.extend(sessions.iter().filter(|row| !has_login(row)).map(session));
    lines
}

/// The agents of each app, by the apps' ids and names.
pub(super) fn by_app<'a>(rows: &'a [Row<'a>]) -> Vec<(&'a str, &'a str, Vec<AgentLine<'a>>)> {
    let mut apps = std::collections::BTreeMap::<_, (&str, &str, Vec<_>)>::new();
    for row in rows.iter().filter(|row| !row.grant().client.is_browser()) {
        let agent = AgentLine {
            grant: row.line(),
            client_name: row.client_name(),
            client_id: row.grant().client.as_str(),
            redirect_hosts: &row.redirect_hosts,
            scope: &row.grant().scope,
            elsewhere: rows.iter().filter(|other| other.grant().client == row.grant().client).count() > 1,
        };
        let app = row.grant().app.as_str();
        apps.entry((row.app, app)).or_insert((app, row.app, Vec::new())).2.push(agent);
    }
    apps.into_values().collect()
}

/// What ended so that the person should know, newest first.
pub(super) fn notices<'a>(alarms: &'a [Row<'a>]) -> Vec<NoticeLine<'a>> {
    let notice = |row: &'a Row<'a>| {
        let is_code = row.grant().details.ended_because == Some(EndedBecause::CodeReplayed);
        NoticeLine {
            id: &row.grant().id,
            client_name: row.client_name(),
            app: row.app,
            what: if is_code { Reused::Code } else { Reused::Token },
            at: &row.ended,
            brought_by: row.brought_by.as_ref().map(Seen::line),
        }
    };
    let mut notices: Vec<_> = alarms.iter().map(notice).collect();
    notices.sort_by_key(|notice| std::cmp::Reverse(notice.at));
    notices
}

/// A use, in words.
struct Seen {
    at: String,
    address: String,
    agent: Option<String>,
}

impl Seen {
    fn line(&self) -> UseLine<'_> {
        UseLine { at: &self.at, address: &self.address, agent: self.agent.as_deref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oauth::client::ClientId;
    use oauth::store::GrantDetails;
    use oauth::world::Timestamp;

    fn listed(id: &str, app: &str, client: ClientId, parent: Option<&str>) -> Listed {
        let at = Timestamp::from_seconds(1_700_000_000);
        let grant = Grant {
            id: id.into(),
            app: app.into(),
            client,
            subject: "u".into(),
            scope: "access".into(),
            login_method: "local".into(),
            authenticated_at: at,
            created_at: at,
            expires_at: at,
            parent: parent.map(Into::into),
            revoked_at: None,
            details: GrantDetails::default(),
        };
        Listed { grant, client: None }
    }

    fn row(listed: &Listed) -> Row<'_> {
        let app = listed.grant.app.as_str();
        let (since, until, ended) = (String::new(), String::new(), String::new());
        Row { listed, last_use: None, brought_by: None, ended, since, until, app, redirect_hosts: Vec::new() }
    }

    #[test]
    fn cn_11_this_browser_is_first_and_sessions_stand_below_their_sign_in() {
        let browser = ClientId::browser;
        let all = [
            listed("old", "login", browser(), None),
            listed("old's", "wiki", browser(), Some("old")),
            listed("this", "login", browser(), None),
            listed("orphan", "wiki", browser(), Some("gone")),
            listed("this's", "wiki", browser(), Some("this")),
            listed("agent", "wiki", ClientId::new("c"), None),
        ];
        let rows: Vec<_> = all.iter().map(row).collect();
        let lines = browsers(&rows, "this");
        let shown: Vec<_> = lines.iter().map(|line| (line.grant.id, line.app.is_some(), line.this)).collect();
        let expected = [
            ("this", false, true),
            ("this's", true, true),
            ("old", false, false),
            ("old's", true, false),
            ("orphan", true, false),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn cn_11_agents_stand_at_their_app_and_browsers_are_none() {
        let all = [
            listed("b", "wiki", ClientId::new("c"), None),
            listed("a", "mail", ClientId::new("c"), None),
            listed("session", "wiki", ClientId::browser(), None),
            listed("c", "wiki", ClientId::new("d"), None),
        ];
        let rows: Vec<_> = all.iter().map(row).collect();
        let apps = by_app(&rows);
        let shown: Vec<_> =
            apps.iter().map(|(app, _, agents)| (*app, agents.iter().map(|a| a.grant.id).collect::<Vec<_>>())).collect();
        assert_eq!(shown, [("mail", vec!["a"]), ("wiki", vec!["b", "c"])]);
    }
}
