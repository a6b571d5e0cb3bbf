//! A stronger or fresher sign-in: what a request asks for by `max_age` and `acr_values` (OpenID Connect Core section 3.1.2.1,
//! RFC 9470 section 4), and the mark of a person who has been asked for one, so that nobody is asked for ever.
//!
//! An authentication context class is an authentication method (RFC 8176), or several joined by `+`. Classes that are not
//! known here are ignored, as everybody may (OpenID Connect Core section 3.1.2.1 calls them voluntary).

use crate::app::App;
use crate::approval::StepUp;
use crate::call::{Call, Person, Server};
use crate::error::{Code, Error};
use crate::parameters::Parameters;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a request says of the sign-in that it wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Demand {
    /// Seconds; zero is now.
    max_age: Option<u64>,
    /// Classes, of which one must hold; each is a list of methods that must all have been used.
    classes: Vec<Vec<String>>,
}

impl Demand {
    /// Reads it from the parameters of a request.
    pub(super) fn check(app: &App, parameters: &Parameters) -> Result<Self, Error> {
        let max_age = parameters.get("max_age").map(str::parse).transpose();
        let max_age = max_age.map_err(|_| {
            Error::new(Code::InvalidRequest, "`max_age` must be a number of seconds, such as `max_age=600`")
        })?;
        let classes = parameters.get("acr_values").unwrap_or_default().split(' ');
        let classes = classes.map(|class| class.split('+').map(str::to_owned).collect::<Vec<_>>());
        let is_known = |method: &String| METHODS.contains(&method.as_str()) || app.auth_methods.contains(method);
        Ok(Self { max_age, classes: classes.filter(|class| class.iter().all(is_known)).collect() })
    }

    /// What is missing in the sign-in of a person. One that was made since the person was asked for it is fresh.
    pub(super) fn unmet(&self, person: &Person, asked: Option<&Asked>, now: Timestamp) -> Option<StepUp> {
        let made_for_it = asked.is_some_and(|asked| person.authenticated_at >= asked.at);
        let age = now.since(person.authenticated_at);
        let fresh = made_for_it || self.max_age.is_none_or(|longest| age <= Duration::from_secs(longest));
        let proven = |class: &Vec<String>| class.iter().all(|method| person.amr.contains(method));
        let strong = self.classes.is_empty() || self.classes.iter().any(proven);
        if fresh && strong { None } else { self.step_up() }
    }

    /// What the sign-in must be; the first class is the one that the client likes best.
    pub(super) fn step_up(&self) -> Option<StepUp> {
        let amr = self.classes.first().cloned().unwrap_or_default();
        let max_age = self.max_age.map(Duration::from_secs);
        (!amr.is_empty() || max_age.is_some()).then_some(StepUp { amr, max_age })
    }
}

/// That a person was asked for a stronger or fresher sign-in, sealed into the URL that they come back to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    at: Timestamp,
    /// The session that did not do; `None` if nobody was signed in.
    instead_of: Option<String>,
}

impl Asked {
    /// The mark in a query, if it is ours and not too old.
    pub(super) fn find(server: &Server, call: Call<'_>, query: &Parameters) -> Option<Self> {
        let asked = server.keys.sealer(call.now).open::<Self>(PURPOSE, query.get(PARAMETER)?)?;
        Some(asked).filter(|asked| call.now.since(asked.at) < LIFETIME)
    }

    /// Whether the person has signed in anew since: then nothing better is to be had.
    pub(super) fn in_vain(&self, person: &Person) -> bool {
        self.instead_of.as_ref().is_some_and(|session| *session != person.session)
    }

    /// The same query with the mark, instead of an earlier one.
    pub(super) fn mark(server: &Server, call: Call<'_>, query: &str) -> String {
        let asked = Self { at: call.now, instead_of: call.person.map(|person| person.session.clone()) };
        let mark = server.keys.sealer(call.now).seal(PURPOSE, &asked, &*server.random);
        let others = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != PARAMETER);
        form_urlencoded::Serializer::new(String::new()).extend_pairs(others).append_pair(PARAMETER, &mark).finish()
    }
}

const PURPOSE: &str = "step up";
const PARAMETER: &str = "asked_to_step_up";
const LIFETIME: Duration = Duration::from_secs(3600);

/// The registry of RFC 8176 section 2.
const METHODS: [&str; 20] = [
    "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms",
    "swk", "tel", "user", "vbm",
];
