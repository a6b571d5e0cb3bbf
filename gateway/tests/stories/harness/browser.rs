//! A person's browser without scripts: cookies per host, redirects, forms.

use super::{Request, Response, User, Wire, try_send};
use std::collections::{BTreeMap, HashMap};

#[derive(Clone, Default)]
pub(crate) struct Browser {
    port: u16,
    jars: HashMap<String, BTreeMap<String, String>>,
}

impl Browser {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, jars: HashMap::new() }
    }

    /// One request, with the cookies of its host. Redirects are not followed.
    #[track_caller]
    pub(crate) fn send(&mut self, request: Request) -> Response {
        let host = host_of(&request.url());
        let response = Wire::open(self.port).send(&self.with_cookies(request));
        for cookie in response.all("set-cookie") {
            self.keep(&host, cookie);
        }
        response
    }

    /// Whether a page is shown now. A request that was cut had been let in, and what let it in has just been taken away.
    pub(crate) fn is_let_in(&mut self, url: &str) -> bool {
        let request = self.with_cookies(Request::get(url).html());
        try_send(&request).is_none_or(|response| response.status == 200)
    }

    /// A request as this browser sends it.
    pub(crate) fn with_cookies(&mut self, request: Request) -> Request {
        let jar = self.jars.entry(host_of(&request.url())).or_default();
        let cookies: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { request } else { request.header("Cookie", &cookies.join("; ")) }
    }

    fn keep(&mut self, host: &str, cookie: &str) {
        let mut parts = cookie.split("; ");
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).unwrap();
        let jar = self.jars.entry(host.to_owned()).or_default();
        if parts.any(|attribute| attribute == "Max-Age=0") {
            jar.remove(name);
        } else {
            jar.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Follows a link, and redirects as long as they stay at the site.
    #[track_caller]
    pub(crate) fn open(&mut self, url: &str) -> Response {
        let response = self.send(Request::get(url).html());
        self.follow(response)
    }

    #[track_caller]
    fn follow(&mut self, mut response: Response) -> Response {
        for _ in 0..10 {
            if !(300..400).contains(&response.status) || !self.is_of_site(response.location()) {
                return response;
            }
            let next = response.location().to_owned();
            response = self.send(Request::get(&next).html());
        }
        panic!("redirected in a circle, last to {}", response.location());
    }

    fn is_of_site(&self, url: &str) -> bool {
        let authority = url.split('/').nth(2).unwrap_or_default();
        authority.ends_with(&format!(":{}", self.port))
    }

    /// Sends the form of a page: its hidden fields and these. Redirects are not followed.
    #[track_caller]
    pub(crate) fn submit(&mut self, page: &Response, fields: &[(&str, &str)]) -> Response {
        let request = form(page, fields);
        self.send(request)
    }

    /// Opens a page of an app, signing in on the way if need be, and consents to nothing.
    #[track_caller]
    pub(crate) fn sign_in(&mut self, url: &str, user: &User) -> Response {
        let page = self.open(url);
        if !page.text().contains("name=\"password\"") {
            return page;
        }
        let response = self.submit(&page.expect(200), &[("username", user.name), ("password", &user.password)]);
        self.follow(response.expect(303))
    }

    /// The status that the form of the login page is answered with, or the page itself if it has none.
    pub(crate) fn try_sign_in(&mut self, url: &str, user: &User) -> u16 {
        let page = self.open(url);
        if !page.text().contains("name=\"password\"") {
            return page.status;
        }
        self.submit(&page, &[("username", user.name), ("password", &user.password)]).status
    }

    pub(crate) fn cookie(&self, host: &str, name: &str) -> Option<&str> {
        self.jars.get(host)?.get(name).map(String::as_str)
    }

    /// How many bytes of cookies each host is sent.
    pub(crate) fn jar_bytes(&self) -> BTreeMap<String, usize> {
        let bytes = |jar: &BTreeMap<String, String>| jar.iter().map(|(k, v)| k.len() + v.len() + 3).sum();
        self.jars.iter().map(|(host, jar)| (host.clone(), bytes(jar))).collect()
    }

    pub(crate) fn set_cookie(&mut self, host: &str, name: &str, value: &str) {
        self.jars.entry(host.to_owned()).or_default().insert(name.to_owned(), value.to_owned());
    }

    /// All cookie values, for looking whether they leaked.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.jars.values().flat_map(BTreeMap::values).cloned().collect()
    }
}

/// The page as it is once the person has unticked these scopes.
pub(crate) fn untick(page: &Response, scopes: &[&str]) -> Response {
    let mut text = page.text();
    for scope in scopes {
        let ticked = format!("name=\"scope:{scope}\" value=\"on\" checked");
        assert!(text.contains(&ticked), "{scope} cannot be unticked in {text}");
        text = text.replace(&ticked, &ticked.replace(" checked", ""));
    }
    Response { body: text.into_bytes(), ..page.clone() }
}

/// The request that the form of a page makes, as a browser sends it: our pages send no referrer, so `Origin` is `null`.
#[track_caller]
pub(crate) fn form(page: &Response, fields: &[(&str, &str)]) -> Request {
    let text = page.text();
    let form = text.split_once("<form").map(|(_, form)| form).unwrap_or_else(|| panic!("no form in {text}"));
    let action = attribute(form, "action").expect("an action");
    let origin = origin_of(&page.url);
    let mut all = Vec::new();
    let is_sent = |input: &&str| match attribute(input, "type").as_deref() {
        Some("hidden") => true,
        Some("checkbox") => input.split('>').next().is_some_and(|tag| tag.contains(" checked")),
        _ => false,
    };
    for input in form.split("<input").skip(1).filter(is_sent) {
        all.push((attribute(input, "name").unwrap(), attribute(input, "value").unwrap_or_default()));
    }
    all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let pairs: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = Request::post(&format!("{origin}{action}")).html().header("Origin", "null");
    request.header("Sec-Fetch-Site", "same-origin").header("Sec-Fetch-Mode", "navigate").form(&pairs)
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

fn origin_of(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

fn host_of(url: &str) -> String {
    let authority = url.split('/').nth(2).unwrap_or_default();
    authority.split(':').next().unwrap_or_default().to_owned()
}
