//! A clock that jumps by hours: nobody gets more time than was given, and nobody loses what is left.

use crate::harness::{Request, Site, eventually, send};
use std::path::PathBuf;

/// A gateway whose clock can be set, by libfaketime; its uptime goes on as ever.
struct Jumping {
    site: Site,
    clock: PathBuf,
}

impl Jumping {
    fn start() -> Self {
        let mut site = Site::start();
        site.kill();
        let clock = site.database().with_file_name("clock");
        std::fs::write(&clock, "+0").unwrap();
        let set = "export LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) FAKETIME_NO_CACHE=1";
        let file = format!("export FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_TIMESTAMP_FILE='{}'", clock.display());
        site.run_in(&format!("{set}; {file}; exec \"$@\""));
        Self { site, clock }
    }

    /// Sets it to an offset from the real time, such as `+2h`.
    fn jump(&self, offset: &str) {
        let new = self.clock.with_extension("new");
        std::fs::write(&new, offset).unwrap();
        std::fs::rename(new, &self.clock).unwrap();
    }

    fn by(&self, token: &str) -> u16 {
        send(&Request::get(&self.site.main("/x")).bearer(token)).status
    }
}

#[test]
fn a_clock_that_jumps_prolongs_nothing_and_ends_nothing_early() {
    let jumping = Jumping::start();
    let site = &jumping.site;
    let agent = site.agent(&site.main("/"));
    let mut ada = site.signed_in(&site.ada());
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let keys = send(&Request::get(&site.login("/.doorward/certs"))).expect(200).json();
    let mut page = || ada.send(Request::get(&site.main("/x"))).status;
    assert_eq!((page(), jumping.by(&tokens.access)), (200, 200));

    jumping.jump("+2h");
    assert_eq!((page(), jumping.by(&tokens.access)), (200, 401), "a session of a day, a token of 15 minutes");
    let later = crate::harness::Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    assert_eq!(jumping.by(&later.access), 200);

    jumping.jump("+0");
    assert_eq!(page(), 200);
    assert_eq!(jumping.by(&tokens.access), 200, "its time is not over");
    assert!(matches!(jumping.by(&later.access), 200 | 401), "it is of the future");

    jumping.jump("-3h");
    assert_eq!(page(), 200, "nobody is signed out");
    assert!(matches!(jumping.by(&tokens.access), 200 | 401), "it is of the future");
    site.browser().sign_in(&site.main("/"), &site.bob()).expect(200);

    jumping.jump("+25h");
    assert_eq!((page(), jumping.by(&tokens.access), jumping.by(&later.access)), (401, 401, 401), "all is over");
    site.browser().sign_in(&site.main("/"), &site.bob()).expect(200);
    jumping.jump("+0");
    site.browser().sign_in(&site.main("/"), &site.ada()).expect(200);
    let ready = || send(&Request::get(&format!("http://127.0.0.1:{}/readyz", site.admin))).status == 200;
    eventually("it is ready", ready);
    assert_eq!(send(&Request::get(&site.login("/.doorward/certs"))).expect(200).json(), keys, "no key was changed");
    assert!(!site.log_lines().iter().any(|line| line.contains("panicked")));
}
